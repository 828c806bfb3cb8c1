import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { type EngineWorld, reachEngine } from "../../src/engine/reach-engine.ts";
import { isRegctlError } from "../../src/errors.ts";
import type { Environment } from "../../src/ports.ts";
import { createFiles } from "../../src/system/files.ts";
import { openHttp } from "../../src/system/http.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { dialTcp } from "../../src/system/tcp.ts";
import { startScriptedEngine } from "../support/scripted-engine.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { engine2010 } from "./scripts.ts";

const local = createLocalHost(spawn);

function worldOf(home: string, environment: Environment = {}): EngineWorld & { readonly dialled: string[] } {
  const dialled: string[] = [];
  return {
    dialled,
    environment,
    home,
    files: createFiles(),
    emit: () => {},
    localHost: async () => local,
    http: async () => openHttp,
    dialTcp,
    // SSH itself has tests of its own: here it leads back to this machine.
    connectTo: async (spec) => {
      dialled.push(spec);
      return { ...local, name: spec, local: false, close: async () => void dialled.push("closed") };
    },
  };
}

/** A TCP port that leads to a unix socket. */
async function forward(socketPath: string, secure?: tls.TlsOptions) {
  const relay = (client: net.Socket) => {
    const engine = net.connect(socketPath);
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      from.on("error", () => to.destroy());
      from.pipe(to);
    }
  };
  const server = secure === undefined ? net.createServer(relay) : tls.createServer(secure, relay);
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

const versionAt = async (
  world: EngineWorld,
): Promise<{ readonly version: string; readonly address: string }> => {
  const { engine, address, close } = await reachEngine(world);
  try {
    return { version: (await engine.version()).version, address };
  } finally {
    await close();
  }
};

test("a socket that DOCKER_HOST names", async () => {
  await using home = await createTempHome();
  const scripted = await startScriptedEngine(engine2010);
  const world = worldOf(home.path, { DOCKER_HOST: `unix://${scripted.socketPath}` });
  const found = await versionAt(world).finally(() => scripted.close());
  assert.deepEqual(found, { version: "20.10.24+dfsg1", address: `unix://${scripted.socketPath}` });
});

test("nothing named: Colima's socket is found where the usual ones are not", async (context) => {
  await using home = await createTempHome();
  const scripted = await startScriptedEngine(engine2010);
  const socket = join(home.path, ".colima/default/docker.sock");
  await mkdir(dirname(socket), { recursive: true });
  await symlink(scripted.socketPath, socket);
  const found = await versionAt(worldOf(home.path)).finally(() => scripted.close());
  if (found.address.startsWith("unix:///")) context.diagnostic(found.address);
  // An engine of this very machine comes first.
  if (found.address !== "unix:///var/run/docker.sock") assert.equal(found.address, `unix://${socket}`);
});

test("over TCP, and over TLS with the files of DOCKER_CERT_PATH", { skip: withoutOpenssl }, async () => {
  await using home = await createTempHome();
  await using authority = await createTlsAuthority();
  const { cert, key } = await authority.issue();
  const client = await authority.issue({ client: true });
  const folder = join(home.path, "certs");
  await mkdir(folder);
  await Promise.all([
    writeFile(join(folder, "ca.pem"), authority.ca),
    writeFile(join(folder, "cert.pem"), client.cert),
    writeFile(join(folder, "key.pem"), client.key),
  ]);
  const scripted = await startScriptedEngine(engine2010);
  await using plain = await forward(scripted.socketPath);
  const demanding = { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
  await using secure = await forward(scripted.socketPath, demanding);
  try {
    const bare = worldOf(home.path, { DOCKER_HOST: `tcp://127.0.0.1:${plain.port}` });
    assert.equal((await versionAt(bare)).address, `tcp://127.0.0.1:${plain.port}`);
    const host = `tcp://127.0.0.1:${secure.port}`;
    const known = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder };
    assert.equal((await versionAt(worldOf(home.path, known))).version, "20.10.24+dfsg1");
    const unknown = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: home.path };
    await assert.rejects(
      versionAt(worldOf(home.path, unknown)),
      (error) => isRegctlError(error, "ENGINE_UNREACHABLE") && /certificate/.test(error.facts.reason),
    );
  } finally {
    await scripted.close();
  }
});

test("over SSH, whose connection ends with the engine's", async () => {
  await using home = await createTempHome();
  const scripted = await startScriptedEngine(engine2010);
  const world = worldOf(home.path, { DOCKER_HOST: `ssh://ann@web1${scripted.socketPath}` });
  const found = await versionAt(world).finally(() => scripted.close());
  assert.equal(found.address, "ssh://ann@web1");
  assert.deepEqual(world.dialled, ["ann@web1", "closed"]);
});

test("no engine: all places that were looked at are named", async () => {
  await using home = await createTempHome();
  const world = worldOf(home.path, { XDG_RUNTIME_DIR: join(home.path, "run") });
  const hidden: EngineWorld = {
    ...world,
    // Whatever this machine has, this test's has none.
    localHost: async () => ({
      ...local,
      run: async () => ({ code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
    }),
  };
  await assert.rejects(reachEngine(hidden), (error) => {
    assert.ok(isRegctlError(error, "ENGINE_UNREACHABLE"));
    for (const place of ["/var/run/docker.sock", "run/docker.sock", ".orbstack", ".colima", "podman.sock"]) {
      assert.ok(
        error.facts.tried.some((line) => line.includes(place)),
        place,
      );
    }
    return true;
  });
});

test("a port that nobody has", async () => {
  await using home = await createTempHome();
  await assert.rejects(reachEngine(worldOf(home.path, { DOCKER_HOST: "tcp://127.0.0.1:1" })), (error) =>
    isRegctlError(error, "ENGINE_UNREACHABLE"),
  );
});

/** The engine's side read from real files and sockets of a home folder of its own. */
import assert from "node:assert/strict";
import { spawn as startProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import type { EngineWorld } from "../../src/engine/reach-engine.ts";
import { createFiles } from "../../src/system/files.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { readEngineSide } from "../../src/tunnel/read-engine-side.ts";
import { createTempHome } from "../support/temp-home.ts";

interface Surroundings {
  /** Below the home: sockets that listen, links (from, to), files. */
  readonly sockets?: readonly string[];
  readonly links?: readonly (readonly [string, string])[];
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: (home: string) => Readonly<Record<string, string>>;
  readonly engineHost?: string;
}

async function read({
  sockets = [],
  links = [],
  files = {},
  environment = () => ({}),
  engineHost,
}: Surroundings) {
  await using temporary = await createTempHome();
  const home = temporary.path;
  const listening = await Promise.all(
    sockets.map(async (path) => {
      await mkdir(dirname(`${home}/${path}`), { recursive: true });
      const server = net.createServer().listen(`${home}/${path}`);
      await once(server, "listening");
      return server;
    }),
  );
  for (const [from, to] of links) await symlink(`${home}/${to}`, `${home}/${from}`);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(`${home}/${path}`), { recursive: true });
    await writeFile(`${home}/${path}`, content);
  }
  const nobody = () => assert.fail("the engine is not asked");
  const world: EngineWorld = {
    environment: environment(home),
    home,
    files: createFiles(),
    emit: () => {},
    localHost: async () => createLocalHost(spawn),
    http: nobody,
    dialTcp: nobody,
    connectTo: nobody,
  };
  try {
    return { home, side: await readEngineSide(engineHost ?? null, world) };
  } finally {
    for (const server of listening) server.close();
  }
}

describe("the engine's side, read", { skip: process.platform === "linux" ? false : "not Linux" }, () => {
  it("Colima's machine behind a link, with the configuration that is there", async () => {
    const { home, side } = await read({
      sockets: [".colima/default/docker.sock"],
      links: [["engine.sock", ".colima/default/docker.sock"]],
      files: { ".colima/ssh_config": "Host colima\n" },
      environment: (at) => ({ DOCKER_HOST: `unix://${at}/engine.sock` }),
    });
    assert.deepEqual(side, {
      side: "there",
      engine: "Colima",
      why: `its socket is ${home}/.colima/default/docker.sock`,
      way: { spec: { host: "colima" }, identityFiles: [], configFile: `${home}/.colima/ssh_config` },
    });
  });

  it("podman's machine, by its file", async () => {
    const ssh = { IdentityPath: "/keys/machine", Port: 50022, RemoteUsername: "core" };
    const { side } = await read({
      sockets: [".local/share/containers/podman/machine/web/podman.sock"],
      files: {
        ".config/containers/podman/machine/qemu/web.json": JSON.stringify({ Name: "web", SSH: ssh }),
        ".config/containers/podman/machine/qemu/web.ign": "{}",
        ".config/containers/podman/machine/qemu/broken.json": "{",
      },
      environment: (at) => ({
        DOCKER_HOST: `unix://${at}/.local/share/containers/podman/machine/web/podman.sock`,
      }),
    });
    assert.partialDeepStrictEqual(side, {
      side: "there",
      way: { spec: { user: "core", host: "127.0.0.1", port: 50022 }, identityFiles: ["/keys/machine"] },
    });
  });

  it("docker-machine's, by its folder", async () => {
    const driver = { IPAddress: "192.168.99.100", SSHUser: "docker", SSHKeyPath: "/keys/id" };
    const folder = ".docker/machine/machines/default";
    const { side } = await read({
      files: { [`${folder}/config.json`]: JSON.stringify({ DriverName: "generic", Driver: driver }) },
      environment: (at) => ({
        DOCKER_HOST: "tcp://192.168.99.100:2376",
        DOCKER_CERT_PATH: `${at}/${folder}`,
      }),
    });
    assert.partialDeepStrictEqual(side, {
      side: "there",
      engine: "docker-machine's machine default",
      way: { spec: { user: "docker", host: "192.168.99.100", port: 22 }, identityFiles: ["/keys/id"] },
    });
  });

  it("a rootless engine, by the network that it is in", async (test) => {
    const rootless = (pid: number | undefined) =>
      read({
        sockets: ["run/docker.sock"],
        files: { "run/docker.pid": `${pid}` },
        environment: (at) => ({
          XDG_RUNTIME_DIR: `${at}/run`,
          DOCKER_HOST: `unix://${at}/run/docker.sock`,
        }),
      });
    assert.equal((await rootless(process.pid)).side.side, "here");
    const apart = startProcess("unshare", ["-rn", "sh", "-c", "echo ready; exec sleep 60"]);
    const ended = once(apart, "close");
    try {
      const ready = await Promise.race([once(apart.stdout, "data"), ended.then(() => null)]);
      if (ready === null) return test.skip("no permission for namespaces");
      assert.partialDeepStrictEqual((await rootless(apart.pid)).side, { side: "apart", bridge: null });
    } finally {
      apart.kill();
      await ended;
    }
  });

  it("whoever is named, and nothing is looked at", async () => {
    const environment = () => ({ DOCKER_CONTEXT: "broken" });
    const { side } = await read({ engineHost: "ann@web1:2222", environment });
    assert.partialDeepStrictEqual(side, { side: "there", engine: "ann@web1:2222" });
  });
});

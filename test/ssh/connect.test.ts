/** Ways to a host, and what is said when there is none. */
import assert from "node:assert/strict";
import { spawn as spawnProcess } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { describe, it } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { Spawn } from "../../src/ports.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { spawn } from "../../src/system/processes.ts";
import { untilGone } from "../contract/host.ts";
import { carriers, hasOpenSsh } from "../support/openssh.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, foldersOfConnections, quickly, type SshSurroundings } from "../support/ssh-world.ts";

const failsWith = (running: Promise<unknown>, code: ErrorCode, facts: object = {}) =>
  assert.rejects(running, (error) => {
    assert.ok(isRegctlError(error, code), String(error));
    assert.partialDeepStrictEqual(error.facts, facts);
    return true;
  });

/** This machine, had it no OpenSSH. */
const withoutOpenSsh: Spawn = (argv, options) =>
  spawn(argv.includes("ssh") ? ["/no/such/ssh"] : argv, options);

async function listen(onConnection: (socket: net.Socket) => void) {
  const server = net.createServer(onConnection).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { port, [Symbol.asyncDispose]: close };
}

for (const { carrier, skip } of carriers) {
  describe(`ways to a host: ${carrier}`, { timeout: 60_000, skip }, () => {
    const options = { ...quickly, ssh: carrier };

    it("tells that nobody listens", async () => {
      await using opened = await createSshWorld();
      const running = connectSsh({ host: "127.0.0.1", port: 1 }, options, opened.world);
      await failsWith(running, "SSH_UNREACHABLE", {
        host: "127.0.0.1",
        port: 1,
        reason: "connection refused",
      });
    });

    it("tells that a name is unknown", async () => {
      await using opened = await createSshWorld();
      await failsWith(connectSsh({ host: "nobody.invalid" }, options, opened.world), "SSH_NAME_UNKNOWN", {
        host: "nobody.invalid",
      });
    });

    it("does not wait for a server that says nothing", async () => {
      await using opened = await createSshWorld();
      await using silent = await listen(() => {});
      const patient = { ...options, connectTimeoutMs: 1_000 };
      const running = connectSsh({ host: "127.0.0.1", port: silent.port }, patient, opened.world);
      await failsWith(running, "SSH_TIMEOUT", { seconds: 1 });
    });

    it("tells a server that closes at once, or speaks something else", async () => {
      await using opened = await createSshWorld();
      await using closing = await listen((socket) => socket.end());
      await using other = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
      for (const { port } of [closing, other]) {
        await failsWith(connectSsh({ host: "127.0.0.1", port }, options, opened.world), "SSH_UNREACHABLE", {
          port,
        });
      }
    });

    it("follows the configuration: alias, port, user and ProxyCommand", async () => {
      await using server = await startSshServer();
      const bridge = `const s=require("net").connect(%p,"%h");process.stdin.pipe(s).pipe(process.stdout)`;
      const config = [
        "Host prod",
        "  HostName 127.0.0.1",
        `  Port ${server.port}`,
        "  User deploy",
        `  ProxyCommand '${process.execPath}' -e '${bridge}'`,
      ];
      await using opened = await createSshWorld({ config, knownHosts: server.knownHosts });
      const connection = await connectSsh({ host: "prod" }, options, opened.world);
      assert.equal(connection.name, `deploy@prod:${server.port}`);
      assert.equal((await connection.run(["echo", "hi"])).stdout.toString(), "hi\n");
      await connection.close();
    });

    it("tells a ProxyCommand that ends without a word, and one that fails", async () => {
      await using silent = await createSshWorld({ config: ["Host x", "  ProxyCommand true"] });
      await failsWith(connectSsh({ host: "x" }, options, silent.world), "SSH_UNREACHABLE");
      await using opened = await createSshWorld({
        config: ["Host x", "  ProxyCommand sh -c 'echo no way >&2; exit 3'"],
      });
      const running = connectSsh({ host: "x" }, options, opened.world);
      await assert.rejects(running, (error) => isRegctlError(error, "SSH_UNREACHABLE"));
    });

    it("goes through jump hosts, each verified, and takes them down again", async () => {
      await using first = await startSshServer();
      await using second = await startSshServer();
      await using last = await startSshServer();
      const config = [
        "Host one",
        `  HostName 127.0.0.1\n  Port ${first.port}`,
        "Host last",
        `  HostName 127.0.0.1\n  Port ${last.port}\n  ProxyJump one,x@127.0.0.1:${second.port}`,
      ];
      const knownHosts = first.knownHosts + second.knownHosts + last.knownHosts;
      await using opened = await createSshWorld({ config, knownHosts });
      const connection = await connectSsh({ host: "last" }, options, opened.world);
      assert.equal((await connection.run(["echo", "far"])).stdout.toString(), "far\n");
      assert.deepEqual([first.open, second.open, last.open], [1, 1, 1]);
      await connection.close();
      while (first.open + second.open + last.open > 0)
        await new Promise((resolve) => setTimeout(resolve, 10));

      await using stranger = await createSshWorld({ config, knownHosts: first.knownHosts + last.knownHosts });
      const running = connectSsh({ host: "last" }, options, stranger.world);
      await failsWith(running, "SSH_HOST_KEY_UNKNOWN", {
        port: second.port,
        fingerprint: second.fingerprints[0],
      });
    });

    it("gives the password of the environment to the host, and never to a jump host", async () => {
      await using jump = await startSshServer({ password: "s3cret" });
      await using last = await startSshServer({ password: "s3cret" });
      const surroundings: SshSurroundings = {
        config: [
          "Host jump",
          `  HostName 127.0.0.1\n  Port ${jump.port}`,
          "Host last",
          `  HostName 127.0.0.1\n  Port ${last.port}\n  ProxyJump jump`,
        ],
        knownHosts: jump.knownHosts + last.knownHosts,
        environment: { REGCTL_SSH_PASSWORD: "s3cret" },
      };
      await using alone = await createSshWorld(surroundings);
      await failsWith(connectSsh({ host: "last" }, options, alone.world), "SSH_AUTH_FAILED");
      assert.deepEqual(last.methods, [], "nobody came through");

      await using person = await createSshWorld({ ...surroundings, answers: ["s3cret"] });
      const connection = await connectSsh({ host: "last" }, options, person.world);
      await connection.close();
      assert.equal(person.asked.length, 1);
      assert.doesNotMatch(JSON.stringify(person.asked), /for .*@last/);
    });

    it("is called what it was asked for by, in its errors too", async () => {
      await using server = await startSshServer({ password: "s3cret" });
      const config = ["Host prod", `  HostName 127.0.0.1\n  Port ${server.port}\n  User deploy`];
      await using opened = await createSshWorld({
        config,
        knownHosts: server.knownHosts,
        answers: ["s3cret"],
      });
      const connection = await connectSsh({ host: "prod", name: "prod" }, options, opened.world);
      assert.equal(connection.name, "prod");
      // Whoever types a password sees whose it is.
      assert.match(opened.asked[0]?.question ?? "", new RegExp(`deploy@prod:${server.port}$`));
      await failsWith(connection.run(["sleep", "1000"], { timeoutMs: 300 }), "SSH_COMMAND_TIMEOUT", {
        host: "prod",
      });
      const running = connection.run(["sleep", "1000"]);
      const cut = failsWith(running, "SSH_CONNECTION_LOST", { host: "prod" });
      await connection.run(["true"]);
      server.cut();
      await cut;
      await connection.closed;
    });

    it("uses the keys it is given before those of the configuration", async () => {
      const [mine, other] = [makeKey(), makeKey()];
      await using server = await startSshServer({ publicKeys: [mine.public] });
      const files = { id: other.private, machine: mine.private };
      await using opened = await createSshWorld({ files, knownHosts: server.knownHosts });
      const spec = { host: "127.0.0.1", port: server.port };
      const given = { ...options, identityFiles: [`${opened.home}/machine`] };
      await (await connectSsh(spec, given, opened.world)).close();
    });
  });
}

describe("the choice of a carrier", { timeout: 60_000 }, () => {
  it("works without OpenSSH, by the ssh-config package", async () => {
    await using server = await startSshServer();
    await using jump = await startSshServer();
    const config = [
      "Host prod",
      `  HostName 127.0.0.1\n  Port ${server.port}\n  User deploy\n  ProxyJump 127.0.0.1:${jump.port}`,
      "Host odd",
      "  ProxyCommand sh -c 'echo \"a b\" >&2; exit 1'",
    ];
    await using opened = await createSshWorld({ config, knownHosts: server.knownHosts + jump.knownHosts });
    const world = { ...opened.world, spawn: withoutOpenSsh };
    const odd = connectSsh({ host: "odd" }, { ...quickly, ssh: "auto" }, world);
    await failsWith(odd, "SSH_UNREACHABLE", { reason: "ProxyCommand: a b" });
    const connection = await connectSsh({ host: "prod" }, { ...quickly, ssh: "auto" }, world);
    assert.deepEqual([connection.name, connection.carrier], [`deploy@prod:${server.port}`, "node"]);
    assert.equal((await connection.run(["true"])).code, 0);
    await connection.close();
  });

  it("says why OpenSSH would be needed where it is not installed", async () => {
    await using opened = await createSshWorld({ config: ["Host *", "  PKCS11Provider /usr/lib/token.so"] });
    const world = { ...opened.world, spawn: withoutOpenSsh };
    const running = connectSsh({ host: "127.0.0.1" }, { ...quickly, ssh: "auto" }, world);
    await assert.rejects(
      running,
      (error) => isRegctlError(error, "SSH_NOT_INSTALLED") && /PKCS#11/.test(error.facts.reason),
    );
  });

  it("tells a configuration that cannot be read", async () => {
    await using opened = await createSshWorld();
    const world = { ...opened.world, spawn: withoutOpenSsh, configFile: opened.home };
    await failsWith(connectSsh({ host: "x" }, quickly, world), "SSH_CONFIG_BROKEN", { path: opened.home });
  });

  it("names the line of a broken configuration", {
    skip: hasOpenSsh ? false : "ssh is not installed",
  }, async () => {
    await using opened = await createSshWorld({ config: ["Host x", "  NoSuchThing yes"] });
    const running = connectSsh({ host: "x" }, quickly, opened.world);
    await failsWith(running, "SSH_CONFIG_BROKEN", { path: `${opened.home}/config` });
  });

  it("tells that there is no common algorithm, and tries OpenSSH by itself", async () => {
    await using server = await startSshServer({ kex: ["diffie-hellman-group1-sha1"] });
    await using opened = await createSshWorld({ knownHosts: server.knownHosts });
    const spec = { host: "127.0.0.1", port: server.port };
    await failsWith(connectSsh(spec, quickly, opened.world), "SSH_NO_COMMON_ALGORITHM");
    if (!hasOpenSsh) return;
    await failsWith(connectSsh(spec, { ...quickly, ssh: "auto" }, opened.world), "SSH_NO_COMMON_ALGORITHM");
    assert.match(JSON.stringify(opened.events), /trying OpenSSH/);
  });
});

describe("a killed regctl", { timeout: 60_000, skip: hasOpenSsh ? false : "ssh is not installed" }, () => {
  it("leaves neither ssh nor its folder behind", async () => {
    await using server = await startSshServer();
    await using opened = await createSshWorld({ knownHosts: server.knownHosts });
    const script = `
      import { connectSsh } from ${JSON.stringify(import.meta.resolve("../../src/ssh/connect.ts"))};
      import { spawn } from ${JSON.stringify(import.meta.resolve("../../src/system/processes.ts"))};
      import { createFiles } from ${JSON.stringify(import.meta.resolve("../../src/system/files.ts"))};
      const world = { spawn, files: createFiles(), prompt: { interactive: false }, environment: { XDG_RUNTIME_DIR: ${JSON.stringify(opened.home)} }, home: "/", user: "u",
        emit() {}, passphrases: new Map(), configFile: ${JSON.stringify(`${opened.home}/config`)} };
      const options = ${JSON.stringify({ ...quickly, ssh: "openssh" })};
      const connection = await connectSsh({ host: "127.0.0.1", port: ${server.port} }, options, world);
      await connection.run(["true"]);
      process.stdout.write("up");
      setInterval(() => {}, 1000);`;
    const folders = () => foldersOfConnections(opened.home);
    const killed = spawnProcess(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(killed.stdout, "data");
      assert.equal((await folders()).length, 1);
    } finally {
      killed.kill("SIGKILL");
    }
    await untilGone(killed.pid ?? 0);
    while (server.open > 0 || (await folders()).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

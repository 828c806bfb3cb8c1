/** Which carrier a tunnel takes, what it leaves behind when it is killed, and a login that is refused after a cut. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import { connectBy, loopback, openTestTunnel, until } from "../support/opened-tunnel.ts";
import { carriers, hasOpenSsh } from "../support/openssh.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import { createSshWorld, foldersOfConnections, quickly } from "../support/ssh-world.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const side = new URL("../bench/tunnel-side.ts", import.meta.url);

describe("the carrier of a tunnel", { timeout: 60_000 }, () => {
  it("is OpenSSH where it is installed and preferred", async () => {
    await using server = await startSshServer();
    await using surroundings = await createSshWorld({ knownHosts: server.knownHosts });
    const options = { ...quickly, ssh: "auto", prefer: "openssh" } as const;
    const spec = { user: "tester", host: "127.0.0.1", port: server.port };
    const connection = await connectSsh(spec, options, surroundings.world);
    assert.equal(connection.carrier, hasOpenSsh ? "openssh" : "node");
    await connection.close();
  });

  for (const { carrier, skip } of carriers) {
    it(`${carrier}: answers without a session, and not when it is silent`, { skip }, async () => {
      await using server = await startSshServer({ maxSessions: 0 });
      await using proxy = await startTcpProxy("127.0.0.1", server.port);
      const knownHosts = server.knownHosts.replaceAll(`:${server.port} `, `:${proxy.port} `);
      await using surroundings = await createSshWorld({ knownHosts });
      const spec = { user: "tester", host: "127.0.0.1", port: proxy.port };
      const connection = await connectSsh(spec, { ...quickly, ssh: carrier }, surroundings.world);
      assert.equal(await connection.answers(10_000), true);
      assert.equal(await connection.answers(10_000), true);
      proxy.silence();
      assert.equal(await connection.answers(200), false);
      await connection.close();
      assert.equal(await connection.answers(10_000), false);
    });

    it(`${carrier}: gives up connecting when it is told to`, { skip }, async () => {
      await using server = await startSshServer();
      await using proxy = await startTcpProxy("127.0.0.1", server.port);
      await using surroundings = await createSshWorld({ knownHosts: server.knownHosts });
      proxy.silence();
      const stop = new AbortController();
      const options = { ...quickly, ssh: carrier, signal: stop.signal };
      const connecting = connectSsh({ host: "127.0.0.1", port: proxy.port }, options, surroundings.world);
      await Promise.all([
        assert.rejects(connecting, (error) => error === stop.signal.reason),
        until("it is there", () => proxy.taken === 1).then(() => stop.abort()),
      ]);
      assert.deepEqual(await foldersOfConnections(surroundings.home), []);
    });

    it(`${carrier}: a login that is refused after a cut is told, and not tried again`, { skip }, async () => {
      const keys = [makeKey()];
      await using first = await startSshServer({ keys });
      await using second = await startSshServer({ keys, publicKeys: [] });
      await using proxy = await startTcpProxy("127.0.0.1", first.port);
      const knownHosts = first.knownHosts.replaceAll(`:${first.port} `, `:${proxy.port} `);
      await using surroundings = await createSshWorld({ knownHosts });
      const spec = { user: "tester", host: "127.0.0.1", port: proxy.port };
      const connect = connectBy(carrier, spec, surroundings.world);
      await using open = await openTestTunnel(connect, [loopback(1)]);
      proxy.lead(second.port, "127.0.0.1");
      proxy.cut();
      await until("it is told", () => open.tunnel.facts.state === "failed");
      assert.ok(isRegctlError(open.tunnel.facts.problem, "SSH_AUTH_FAILED"));
      assert.equal(proxy.taken, 2);
    });
  }

  it("leaves nothing when the tunnel is killed", {
    skip: hasOpenSsh ? false : "ssh is not installed",
  }, async () => {
    await using server = await startSshServer();
    const config = ["Host server", "  HostName 127.0.0.1", `  Port ${server.port}`, "  User tester"];
    await using surroundings = await createSshWorld({ config, knownHosts: server.knownHosts });
    const { home } = surroundings;
    const child = fork(side, [], {
      stdio: ["pipe", "inherit", "inherit", "ipc"],
      env: { ...process.env, XDG_RUNTIME_DIR: home },
    });
    const input = {
      carrier: "openssh",
      host: "server",
      home,
      configFile: `${home}/config`,
      to: [loopback(1)],
    };
    child.stdin?.end(JSON.stringify(input));
    await once(child, "message");
    assert.equal((await foldersOfConnections(home)).length, 1);
    assert.ok((await processesNaming(home)).length > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await until("no process is left", async () => (await processesNaming(home)).length === 0);
    await until("no folder is left", async () => (await foldersOfConnections(home)).length === 0);
    await until("no connection is left", () => server.open === 0);
  });
});

/** Command lines of this machine with this text. */
async function processesNaming(text: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(text));
}

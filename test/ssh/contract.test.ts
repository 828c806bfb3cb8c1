/** Both carriers against a server in this process: the contract of `Host`, and what only connections have. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import net from "node:net";
import { buffer } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import type { SshConnection } from "../../src/ssh/connection.ts";
import { describeHost } from "../contract/host.ts";
import { hasOpenSsh } from "../support/openssh.ts";
import { type SshServerOptions, startSshServer, type TestSshServer } from "../support/ssh-server.ts";
import { createSshWorld, foldersOfConnections, quickly, type TestWorld } from "../support/ssh-world.ts";
import { createTempHome } from "../support/temp-home.ts";

interface Connected extends AsyncDisposable {
  readonly connection: SshConnection;
  readonly server: TestSshServer;
  readonly surroundings: TestWorld;
}

async function connectTo(carrier: "node" | "openssh", options: SshServerOptions = {}): Promise<Connected> {
  const server = await startSshServer(options);
  const surroundings = await createSshWorld({ knownHosts: server.knownHosts });
  const spec = { user: "tester", host: "127.0.0.1", port: server.port };
  const connection = await connectSsh(spec, { ...quickly, ssh: carrier }, surroundings.world);
  const close = async (): Promise<void> => {
    await connection.close();
    await server.close();
    await surroundings[Symbol.asyncDispose]();
  };
  return { connection, server, surroundings, [Symbol.asyncDispose]: close };
}

for (const carrier of ["node", "openssh"] as const) {
  if (carrier === "openssh" && !hasOpenSsh) {
    it("OpenSSH carrier", { skip: "ssh is not installed" });
    continue;
  }
  let shared: Promise<Connected> | undefined;
  after(async () => (await shared)?.[Symbol.asyncDispose]());
  describeHost(carrier, async () => {
    shared ??= connectTo(carrier);
    const { connection } = await shared;
    return { host: connection, local: false, timeoutCode: "SSH_COMMAND_TIMEOUT", here: true };
  });

  describe(`SSH connection: ${carrier}`, { timeout: 60_000 }, () => {
    it("says who carries it, and its name", async () => {
      await using opened = await connectTo(carrier);
      const { connection, server } = opened;
      assert.equal(connection.carrier, carrier);
      assert.equal(connection.name, `tester@127.0.0.1:${server.port}`);
    });

    it("fails everything that is under way when the connection is cut", async () => {
      await using opened = await connectTo(carrier);
      const { connection, server } = opened;
      const running = connection.run(["sleep", "1000"]);
      const stream = await connection.open(["cat"]);
      const reading = buffer(stream);
      const lost = (error: unknown): boolean => isRegctlError(error, "SSH_CONNECTION_LOST");
      // Under way means that the far side has it: an echo proves it for both.
      stream.write("x");
      await once(stream, "data");
      server.cut();
      await Promise.all([assert.rejects(running, lost), assert.rejects(reading, lost)]);
      assert.ok(lost(await connection.closed));
      await assert.rejects(connection.run(["true"]), lost);
      await assert.rejects(connection.dial({ kind: "tcp", host: "127.0.0.1", port: 1 }), lost);
    });

    it("makes do with a server that allows two sessions", async () => {
      await using opened = await connectTo(carrier, { maxSessions: 2 });
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          opened.connection.run(["sh", "-c", `sleep 0.05; echo ${index}`]),
        ),
      );
      assert.deepEqual(
        results.map(({ stdout }) => Number(stdout)),
        [0, 1, 2, 3, 4, 5, 6, 7],
      );
    });

    it("tells that a server forbids forwarding", async () => {
      await using opened = await connectTo(carrier, { forbidForwarding: true });
      const { connection } = opened;
      const refused = (error: unknown): boolean =>
        isRegctlError(error, "SSH_FORWARD_DENIED") || isRegctlError(error, "SSH_FORWARD_FAILED");
      await assert.rejects(connection.dial({ kind: "tcp", host: "127.0.0.1", port: 9 }), refused);
      await assert.rejects(
        connection.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, () => {}),
        refused,
      );
    });

    it("brings connections of the far side back, from TCP and unix sockets, until it stops", async () => {
      await using opened = await connectTo(carrier);
      await using home = await createTempHome();
      const { connection } = opened;
      for (const at of [
        { kind: "tcp", host: "127.0.0.1", port: 0 },
        { kind: "unix", path: `${home.path}/back.sock` },
      ] as const) {
        let taken = 0;
        const listener = await connection.listen(at, (stream) => {
          taken += 1;
          stream.pipe(stream);
        });
        const where =
          listener.at.kind === "tcp"
            ? { host: "127.0.0.1", port: listener.at.port }
            : { path: listener.at.path };
        const socket = net.connect({ ...where, allowHalfOpen: true });
        const received = buffer(socket);
        const sent = Buffer.alloc(1024 * 1024, "back");
        socket.end(sent);
        assert.ok((await received).equals(sent));
        await listener.close();
        const again = net.connect(where);
        // A port that is free again may be another program's by now, a path may not.
        if (at.kind === "unix") await assert.rejects(once(again, "connect"));
        else await once(again, "connect").catch(() => {});
        again.destroy();
        assert.equal(taken, 1);
      }
    });

    it("rejects a place where the far side cannot listen", async () => {
      await using opened = await connectTo(carrier);
      const listening = opened.connection.listen({ kind: "unix", path: "/no/such/folder/s.sock" }, () => {});
      await assert.rejects(listening, (error) => isRegctlError(error, "SSH_FORWARD_FAILED"));
    });

    it("leaves no process, socket or folder when it is closed", async () => {
      await using opened = await connectTo(carrier);
      const { connection, server } = opened;
      const stream = await connection.open(["cat"]);
      stream.on("error", () => {});
      const folders = await foldersOfConnections(opened.surroundings.home);
      assert.equal(folders.length, carrier === "openssh" ? 1 : 0);
      await connection.close();
      assert.equal(await connection.closed, undefined);
      assert.deepEqual(await foldersOfConnections(opened.surroundings.home), []);
      assert.deepEqual(await processesNaming(`-p ${server.port}`), []);
      await until(() => server.open === 0);
      assert.ok(stream.destroyed);
    });
  });
}

/** Command lines of this machine's `ssh` processes with these words. */
async function processesNaming(words: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines
    .map((line) => line.replaceAll("\0", " "))
    .filter((line) => line.startsWith("ssh ") && line.includes(words));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

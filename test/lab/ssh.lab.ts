/** Both carriers against real sshd 9.2: the contract, real authentication, jump hosts, and networks that fail. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import { connectSsh } from "../../src/ssh/connect.ts";
import type { SshConnection } from "../../src/ssh/connection.ts";
import type { HostSpec } from "../../src/ssh/host-spec.ts";
import { describeHost } from "../contract/host.ts";
import { hasOpenSsh } from "../support/openssh.ts";
import { createSshWorld, quickly, type SshSurroundings } from "../support/ssh-world.ts";
import { type LabHost, startHost } from "./lab.ts";

const password = "lab-secret";

describe("a real sshd", () => {
  let gate: LabHost;
  let inner: LabHost;
  before(async () => {
    gate = await startHost("systemd", { name: "gate" });
    inner = await startHost("systemd", { name: "inner", behind: gate });
  });
  after(async () => {
    await inner?.stop();
    await gate?.stop();
  });

  const connect = async (carrier: "node" | "openssh", spec: HostSpec, surroundings: SshSurroundings = {}) => {
    const knownHosts = `${await readFile(gate.knownHosts, "utf8")}${await readFile(inner.knownHosts, "utf8")}`;
    const opened = await createSshWorld({ knownHosts, ...surroundings });
    try {
      const connection = await connectSsh(spec, { ...quickly, ssh: carrier }, opened.world);
      void connection.closed.then(() => opened[Symbol.asyncDispose]());
      return connection;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  };
  const key = async (): Promise<SshSurroundings> => ({ files: { id: await readFile(gate.keyFile, "utf8") } });
  /** The first packets after a link is up again may still find no way. */
  const reachable = async (): Promise<void> => {
    for (;;) {
      const connection = await connect("node", { user: "root", host: gate.address }, await key()).catch(
        () => null,
      );
      if (connection) return await connection.close();
    }
  };
  const failsWith = (running: Promise<unknown>, code: ErrorCode) =>
    assert.rejects(running, (error) => isRegctlError(error, code));

  for (const carrier of hasOpenSsh ? (["node", "openssh"] as const) : (["node"] as const)) {
    let shared: Promise<SshConnection> | undefined;
    after(async () => (await shared)?.close());
    describeHost(`${carrier}, real sshd`, async () => {
      shared ??= connect(carrier, { user: "nopass", host: gate.address }, await key());
      return { host: await shared, local: false, timeoutCode: "SSH_COMMAND_TIMEOUT", here: false };
    });

    describe(`${carrier}, real sshd`, { timeout: 120_000 }, () => {
      it("logs in by key and by password, and says when neither will do", async () => {
        const surroundings = { environment: { REGCTL_SSH_PASSWORD: password } };
        const connection = await connect(carrier, { user: "withpass", host: gate.address }, surroundings);
        assert.equal((await connection.run(["id", "-un"])).stdout.toString(), "withpass\n");
        await connection.close();
        await failsWith(connect(carrier, { user: "withpass", host: gate.address }), "SSH_AUTH_FAILED");
        const wrong = { environment: { REGCTL_SSH_PASSWORD: "wrong" } };
        await failsWith(connect(carrier, { user: "withpass", host: gate.address }, wrong), "SSH_AUTH_FAILED");
      });

      it("dials sockets over there, and lets the far side dial back", async () => {
        const connection = await connect(carrier, { user: "root", host: gate.address }, await key());
        const engine = await connection.dial({ kind: "unix", path: "/run/docker.sock" });
        engine.write("GET /_ping HTTP/1.0\r\n\r\n");
        const [answer] = await once(engine, "data");
        assert.match(String(answer), /^HTTP\/1\.0 200/);
        engine.destroy();
        const sshd = await connection.dial({ kind: "tcp", host: "127.0.0.1", port: 22 });
        assert.match(String((await once(sshd, "data"))[0]), /^SSH-2\.0-/);
        sshd.destroy();
        const listener = await connection.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, (stream) => {
          stream.end("from here");
        });
        const port = listener.at.kind === "tcp" ? listener.at.port : 0;
        const { stdout } = await connection.run(["bash", "-c", `cat </dev/tcp/127.0.0.1/${port}`]);
        assert.equal(stdout.toString(), "from here");
        await listener.close();
        await connection.close();
      });

      it("goes through a jump host", async () => {
        const config = [`Host ${inner.address}`, `  ProxyJump nopass@${gate.address}`];
        const connection = await connect(
          carrier,
          { user: "root", host: inner.address },
          { ...(await key()), config },
        );
        assert.equal((await connection.run(["hostname"])).stdout.toString(), "inner\n");
        await connection.close();
      });

      it("notices a network that has gone silent", async () => {
        const config = ["ServerAliveInterval 1", "ServerAliveCountMax 2"];
        const connection = await connect(
          carrier,
          { user: "root", host: gate.address },
          { ...(await key()), config },
        );
        const running = connection.run(["sleep", "1000"]);
        const lost = failsWith(running, "SSH_CONNECTION_LOST");
        await gate.linkDown();
        try {
          await lost;
          assert.ok(isRegctlError(await connection.closed, "SSH_CONNECTION_LOST"));
        } finally {
          await gate.linkUp();
          await reachable();
        }
      });

      it("fails what is under way when sshd is killed", async () => {
        const connection = await connect(carrier, { user: "root", host: gate.address }, await key());
        const running = connection.run(["sh", "-c", "echo $PPID > /tmp/sshd.pid; exec sleep 1000"]);
        const lost = failsWith(running, "SSH_CONNECTION_LOST");
        await gate.run([
          "sh",
          "-c",
          "until [ -s /tmp/sshd.pid ]; do sleep 0.1; done; kill -9 $(cat /tmp/sshd.pid); rm /tmp/sshd.pid",
        ]);
        await lost;
      });
    });
  }

  it("ends a command over there when its time is up", async () => {
    const connection = await connect("node", { user: "nopass", host: gate.address }, await key());
    await failsWith(connection.run(["sleep", "98765"], { timeoutMs: 500 }), "SSH_COMMAND_TIMEOUT");
    const gone = await connection.run([
      "sh",
      "-c",
      "for n in 1 2 3 4 5 6 7 8 9; do pgrep -f '[s]leep 98765' || exit 0; sleep 0.2; done; exit 1",
    ]);
    assert.equal(gone.code, 0);
    await connection.close();
  });
});

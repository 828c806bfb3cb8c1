/** What every `Host` does, whoever carries it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import net from "node:net";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { Host } from "../../src/ports.ts";
import { createTempHome } from "../support/temp-home.ts";

export interface HostUnderTest {
  readonly host: Host;
  readonly local: boolean;
  readonly timeoutCode: ErrorCode;
  /** True where the host's processes and sockets are this machine's too. */
  readonly here: boolean;
}

/** Deadline of one test: only a hang reaches it. */
const timeout = 60_000;

const oddArguments = [
  "",
  " ",
  "it's",
  '"quoted" \\ \\\\ \\\' $HOME `id` $(id) !history',
  "line\nbreak\n\n",
  "tab\tbell\u0007",
  "é \u{1F600}",
  "-n",
  "--",
  "*",
  "~",
  "%s%n",
  "#",
  ";&|<>",
  "{a,b}",
];

export function describeHost(name: string, open: () => Promise<HostUnderTest>): void {
  describe(`Host contract: ${name}`, { timeout }, () => {
    it("collects output, errors and the exit code apart", async () => {
      const { host } = await open();
      const result = await host.run(["sh", "-c", "echo out; echo err >&2; exit 3"]);
      assert.deepEqual(
        { code: result.code, out: result.stdout.toString(), err: result.stderr.toString() },
        { code: 3, out: "out\n", err: "err\n" },
      );
    });

    it("knows exit codes that shells and ssh use themselves, and signals", async () => {
      const { host } = await open();
      const codes = await Promise.all(
        ["exit 0", "exit 1", "exit 126", "exit 255", "kill -9 $$", "kill -15 $$"].map(
          async (script) => (await host.run(["sh", "-c", script])).code,
        ),
      );
      assert.deepEqual(codes, [0, 1, 126, 255, null, null]);
    });

    it("tells a program that is not there by 127", async () => {
      const { host } = await open();
      const { code, stderr } = await host.run(["/no/such/program", "x"]);
      assert.equal(code, 127);
      assert.notEqual(stderr.length, 0);
    });

    it("hands every argument over as it is", async () => {
      const { host } = await open();
      const { stdout } = await host.run(["printf", "[%s]", ...oddArguments]);
      assert.equal(stdout.toString(), oddArguments.map((argument) => `[${argument}]`).join(""));
    });

    it("gives an empty input that is at its end", async () => {
      const { host } = await open();
      assert.deepEqual(await host.run(["cat"]), {
        code: 0,
        stdout: Buffer.alloc(0),
        stderr: Buffer.alloc(0),
      });
    });

    it("carries 9 MiB of any bytes there and back", async () => {
      const { host } = await open();
      const input = Buffer.allocUnsafe(9 * 1024 * 1024);
      for (let index = 0; index < input.length; index++) input[index] = (index * 31 + (index >> 11)) & 255;
      const { stdout } = await host.run(["cat"], { input });
      assert.equal(digest(stdout), digest(input));
    });

    it("does not mind input that nobody reads", async () => {
      const { host } = await open();
      const { code } = await host.run(["sh", "-c", "exit 4"], { input: Buffer.alloc(5 * 1024 * 1024) });
      assert.equal(code, 4);
    });

    it("ends a command that takes too long, what it started included", async () => {
      const { host, timeoutCode, here } = await open();
      await using home = await createTempHome();
      const pidFile = `${home.path}/pid`;
      const script = here ? `echo $$ > ${pidFile}; sleep 1000; true` : "sleep 1000; true";
      const running = host.run(["sh", "-c", script], { timeoutMs: 400 });
      await assert.rejects(running, (error) => isRegctlError(error, timeoutCode));
      assert.equal((await host.run(["true"])).code, 0);
      if (here) await untilGone(Number(await readFile(pidFile, "utf8")));
    });

    it("stops waiting when its signal is aborted", async () => {
      const { host } = await open();
      const reason = new Error("enough");
      const controller = new AbortController();
      const running = host.run(["sleep", "1000"], { signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(running, reason);
      await assert.rejects(host.run(["true"], { signal: controller.signal }), reason);
    });

    it("runs twenty commands at once", async () => {
      const { host } = await open();
      const numbers = Array.from({ length: 20 }, (_, index) => String(index));
      const results = await Promise.all(
        numbers.map((number) => host.run(["sh", "-c", "sleep 0.1; echo $1", "sh", number])),
      );
      assert.deepEqual(
        results.map(({ stdout }) => stdout.toString().trim()),
        numbers,
      );
    });

    it("opens a command as a stream that ends with it", async () => {
      const { host } = await open();
      const stream = await host.open(["sh", "-c", "head -c 5; echo; cat | wc -c"]);
      stream.write("hello");
      stream.end(Buffer.alloc(3 * 1024 * 1024));
      assert.equal((await buffer(stream)).toString().replace(/ /g, ""), "hello\n3145728\n");
    });

    it("fails the stream of a command that fails", async () => {
      const { host } = await open();
      const stream = await host.open(["sh", "-c", "echo half; echo why >&2; exit 7"]);
      stream.end();
      await assert.rejects(buffer(stream), (error) => {
        assert.ok(isRegctlError(error, "HOST_COMMAND_FAILED"));
        assert.deepEqual(
          { code: error.facts.code, output: error.facts.output.trim() },
          { code: 7, output: "why" },
        );
        return true;
      });
    });

    describeDial(open);
  });
}

function describeDial(open: () => Promise<HostUnderTest>): void {
  it("dials TCP and unix sockets, byte for byte, until both sides have ended", async (context) => {
    const { host, here } = await open();
    if (!here) return context.skip("needs sockets on this machine");
    await using home = await createTempHome();
    for (const at of [{ port: 0, host: "127.0.0.1" }, { path: `${home.path}/echo.sock` }]) {
      const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(at);
      await once(server, "listening");
      try {
        const address = server.address() as net.AddressInfo | string;
        const stream = await host.dial(
          typeof address === "string"
            ? { kind: "unix", path: address }
            : { kind: "tcp", host: "127.0.0.1", port: address.port },
        );
        const sent = Buffer.alloc(2 * 1024 * 1024 + 7, "echo");
        const received = buffer(stream);
        stream.end(sent);
        assert.equal(digest(await received), digest(sent));
      } finally {
        server.close();
      }
    }
  });

  it("sees that the other side has ended first", async (context) => {
    const { host, here } = await open();
    if (!here) return context.skip("needs sockets on this machine");
    const server = net.createServer((socket) => socket.end("bye")).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as net.AddressInfo;
      const stream = await host.dial({ kind: "tcp", host: "127.0.0.1", port });
      assert.equal((await buffer(stream)).toString(), "bye");
      stream.destroy();
    } finally {
      server.close();
    }
  });

  it("rejects a destination where nobody listens", async () => {
    const { host, local } = await open();
    const expected = (error: unknown): boolean =>
      local ? error instanceof Error : isRegctlError(error, "SSH_FORWARD_FAILED");
    await assert.rejects(host.dial({ kind: "unix", path: "/no/such.sock" }), expected);
    await assert.rejects(host.dial({ kind: "tcp", host: "127.0.0.1", port: 1 }), expected);
  });
}

/** Waits until a process has ended, buried or not; the test's deadline is the limit. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
    if (/\) [ZX]/.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

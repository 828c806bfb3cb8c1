import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { childEnvironment } from "../../src/system/child-environment.ts";
import { spawn } from "../../src/system/processes.ts";
import { untilGone } from "../contract/host.ts";

describe("spawn", { timeout: 30_000 }, () => {
  it("gives the streams and the end of a program", async () => {
    const child = spawn(["sh", "-c", "cat; echo oops >&2; exit 9"]);
    child.stdin.end("in");
    assert.deepEqual(await Promise.all([text(child.stdout), text(child.stderr), child.exited]), [
      "in",
      "oops\n",
      { code: 9, signal: null },
    ]);
  });

  it("tells a program that cannot start like a shell does", async () => {
    const child = spawn(["/no/such/program"]);
    child.stdin.end("nobody reads this");
    assert.match(await text(child.stderr), /ENOENT/);
    assert.deepEqual(await child.exited, { code: 127, signal: null });
    assert.equal(child.pid, undefined);
    child.kill();
  });

  it("survives a program that does not read its input", async () => {
    const child = spawn(["true"]);
    child.stdin.end(Buffer.alloc(1024 * 1024));
    child.stdout.resume();
    assert.equal((await child.exited).code, 0);
  });

  it("kills what the program started, too", async () => {
    const child = spawn(["sh", "-c", "sleep 1000 & echo $!; wait"]);
    const grandchild = await new Promise<number>((resolve) => {
      child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    child.kill("SIGKILL");
    assert.deepEqual(await child.exited, { code: null, signal: "SIGKILL" });
    await untilGone(grandchild);
  });

  it("starts a program in a process group of its own, out of reach of the terminal's Ctrl-C", async () => {
    const child = spawn(["sh", "-c", "ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat"]);
    assert.equal(Number(await text(child.stdout)), child.pid);
  });
});

describe("the environment of a program", () => {
  it("lacks what may hold our passwords, and has what the caller adds", () => {
    const own = { PATH: "/bin", REGCTL_SSH_PASSWORD: "secret", REGCTL_REGISTRY: "r", LANG: undefined };
    assert.deepEqual(childEnvironment(own, { LC_ALL: "C" }), { PATH: "/bin", LC_ALL: "C" });
  });

  it("can lose a variable", () => {
    assert.deepEqual(childEnvironment({ A: "1", B: "2" }, { A: undefined }), { B: "2" });
  });

  it("reaches the program", async () => {
    process.env.REGCTL_TEST_SECRET = "secret";
    try {
      const child = spawn(["sh", "-c", 'printenv REGCTL_TEST_SECRET || echo "none $EXTRA"'], {
        env: { EXTRA: "more" },
      });
      assert.equal(await text(child.stdout), "none more\n");
    } finally {
      delete process.env.REGCTL_TEST_SECRET;
    }
  });
});

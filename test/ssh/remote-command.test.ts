import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { renderRemoteCommand } from "../../src/ssh/remote-command.ts";

/** Login shells that this machine happens to have; sshd hands them the line after `-c`. */
const shells = [["sh"], ["bash"], ["dash"], ["busybox", "ash"], ["zsh"], ["tcsh"], ["csh"], ["fish"]].filter(
  ([program = "", ...rest]) => spawnSync(program, [...rest, "-c", "true"]).status === 0,
);

const nothingSpecial = /^exec \/bin\/sh -c '[^'!\n\\]*'$/;
const noOddBackslash = /^exec \/bin\/sh -c '(?:[^'!\n\\]|\\0[0-7]{3})*'$/;

const argument = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^['"\\!$`\n\t *?~#;&|<>(){}%[\]-]{0,12}$/),
);
const argv = fc.array(
  argument.map((text) => text.replaceAll("\0", "").toWellFormed()),
  { maxLength: 6 },
);

describe("renderRemoteCommand", () => {
  it("leaves plain words readable", () => {
    assert.equal(
      renderRemoteCommand(["docker", "info", "--format=json"]),
      "exec /bin/sh -c 'exec docker info --format=json'",
    );
  });

  it("holds nothing that any login shell reads specially", () => {
    fc.assert(
      fc.property(argv, (words) => assert.match(renderRemoteCommand(["x", ...words]), noOddBackslash)),
    );
    assert.match(renderRemoteCommand(["a", "b"]), nothingSpecial);
  });

  it("refuses what no argument can hold", () => {
    assert.throws(() => renderRemoteCommand(["a\0b"]), TypeError);
  });

  for (const [program = "", ...rest] of shells) {
    it(`hands random arguments over through ${[program, ...rest].join(" ")}`, () => {
      fc.assert(
        fc.property(argv, (words) => {
          const line = renderRemoteCommand(["printf", "%s\\0", ...words]);
          const printed = execFileSync(program, [...rest, "-c", line], { encoding: "utf8" });
          assert.deepEqual(printed, words.length === 0 ? "\0" : words.map((word) => `${word}\0`).join(""));
        }),
        { numRuns: 40 },
      );
    });

    it(`keeps exit codes and signals through ${[program, ...rest].join(" ")}`, () => {
      const end = (words: string[]) => {
        const { status, signal } = spawnSync(program, [...rest, "-c", renderRemoteCommand(words)], {
          stdio: "ignore",
        });
        return { status, signal };
      };
      assert.deepEqual(end(["sh", "-c", "exit 42"]), { status: 42, signal: null });
      assert.deepEqual(end(["/no/such/program"]), { status: 127, signal: null });
      assert.deepEqual(end(["sh", "-c", "kill -9 $$"]), { status: null, signal: "SIGKILL" });
    });
  }
});

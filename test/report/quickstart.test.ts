import assert from "node:assert/strict";
import { test } from "node:test";
import { renderQuickstart } from "../../src/report/quickstart.ts";
import { tooLong } from "../support/screen.ts";

const outcome = {
  ok: true,
  registry: "127.0.0.1:5000",
  digest: `sha256:${"0".repeat(64)}`,
  engine: null,
  kept: null,
  steps: [],
  next: [
    { about: "short", command: "regctl ping" },
    {
      about: "hosts that are to pull from this machine",
      command: "regctl setup insecure laptop:5000 --on user@host",
    },
  ],
};

const render = (columns: number): readonly string[] =>
  renderQuickstart(outcome, { columns, color: false, unicode: true });

test("what to type next stands beside its reason where there is room", () => {
  const beside = `  ${"short".padEnd(40)}  regctl ping`;
  assert.ok(render(100).includes(beside));
});

test("and below it where a command would be broken", () => {
  const lines = render(80);
  assert.deepEqual(tooLong(lines.join("\n"), 80), []);
  const next = lines.slice(lines.indexOf("What to type next") + 1);
  assert.deepEqual(next.slice(0, 2), ["  short:", "    regctl ping"]);
});

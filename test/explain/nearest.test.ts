import assert from "node:assert/strict";
import { test } from "node:test";
import { findNearest } from "../../src/explain/nearest.ts";

const known = ["setup insecure", "setup undo", "tunnel", "use"];

for (const [typed, meant] of [
  ["setup insecur", "setup insecure"],
  ["tunel", "tunnel"],
  ["tunnle", "tunnel"],
  ["USE", "use"],
  ["us", "use"],
  ["nope", undefined],
  ["", undefined],
  ["tun", undefined],
] as const) {
  test(`${typed} means ${meant}`, () => assert.equal(findNearest(typed, known), meant));
}

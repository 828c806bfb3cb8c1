import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { RegctlError } from "../../src/errors.ts";
import { fuzz } from "../fuzz/fuzz.ts";
import { seeded } from "../fuzz/mutate.ts";
import { targets } from "../fuzz/targets.ts";

/** The same few hundred inputs every time; `npm run fuzz` tries new ones for as long as it is told. */
const inputs = 500;

for (const target of targets) {
  test(`${target.name} refuses what it cannot read, and nothing else happens`, () => {
    let left = inputs;
    const finding = fuzz(target, seeded(1), () => left-- > 0);
    assert.equal(finding, null, `${finding?.input.toString("base64")} ${inspect(finding?.error)}`);
    assert.equal(left, -1);
  });
}

test("a finding is found, and a refusal is none", () => {
  const run = (input: Buffer) => {
    if (input.includes("!")) throw new TypeError("found");
    throw new RegctlError("USAGE", { problem: "refused" });
  };
  const finding = fuzz({ name: "planted", seeds: ["abc"], run }, seeded(1), () => true);
  assert.ok(finding?.input.includes("!"));
  assert.match(inspect(finding?.error), /found/);
});

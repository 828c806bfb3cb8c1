import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseWay, needsTrust, smallShare, type WayFacts } from "../../src/publish/choose-way.ts";

const first: WayFacts = {
  asked: null,
  shaped: false,
  registry: "reg.example:5000",
  elsewhere: false,
  trusted: true,
  refusal: "",
  packed: false,
  layerless: false,
  remote: false,
  size: 1000,
  missing: 1000,
};

const cases: readonly (readonly [string, Partial<WayFacts>, "direct" | "engine"])[] = [
  ["a first publish, also where the engine trusts", {}, "direct"],
  ["what was asked for: engine", { asked: "engine", trusted: false, missing: 0 }, "engine"],
  ["what was asked for: direct", { asked: "direct", packed: true, remote: true }, "direct"],
  ["nothing is missing", { missing: 0, remote: true, packed: true }, "direct"],
  ["there are no layers, and the engine refuses", { layerless: true, trusted: false, missing: 1 }, "engine"],
  ["there are no layers, and nothing is missing", { layerless: true, missing: 0 }, "direct"],
  ["another compression or format", { shaped: true, remote: true }, "direct"],
  ["the name is loopback, and the engine is on another machine", { elsewhere: true, remote: true }, "direct"],
  ["the engine refuses the registry", { trusted: false, remote: true, packed: true }, "direct"],
  ["the engine is remote and reaches it", { remote: true }, "engine"],
  ["containerd's store", { packed: true }, "engine"],
  ["a small layer is missing", { missing: 1000 * smallShare }, "engine"],
  ["a small layer is missing, and the engine refuses", { missing: 10, trusted: false }, "direct"],
  ["a little more than that", { missing: 1000 * smallShare + 1 }, "direct"],
  ["nobody knows how much is missing", { missing: null }, "direct"],
];

describe("the way of an image", () => {
  for (const [name, facts, way] of cases) {
    it(`${name}: ${way}`, () => {
      const chosen = chooseWay({ ...first, ...facts });
      assert.equal(chosen.way, way);
      assert.notEqual(chosen.why, "");
    });
  }

  it("says what the engine said", () => {
    const { why } = chooseWay({ ...first, trusted: false, refusal: "x509: unknown authority" });
    assert.match(why, /reg\.example:5000.*x509/);
  });

  it("asks the engine only where its answer decides", () => {
    assert.equal(needsTrust(first), false);
    assert.equal(needsTrust({ ...first, missing: 0, remote: true }), false);
    assert.equal(needsTrust({ ...first, asked: "engine" }), false);
    for (const facts of [{ remote: true }, { packed: true }, { missing: 1 }]) {
      assert.equal(needsTrust({ ...first, ...facts }), true);
    }
  });
});

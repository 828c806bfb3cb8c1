import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareTags, sortTags } from "../../src/registry/semver.ts";

const shuffled = (tags: readonly string[]) => fc.shuffledSubarray([...tags], { minLength: tags.length });

const orders: readonly (readonly string[])[] = [
  // The order of semver.org, section 11.
  [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
  ],
  ["1.9.0", "1.10.0", "1.11.0", "2.0.0", "2.1.0", "2.1.1"],
  ["v1.2.3", "v1.2.4", "v1.3", "v2", "v10"],
  ["1.25-alpine", "1.25", "1.25.1-alpine", "1.25.1"],
  ["dev", "latest", "main", "0.1", "1"],
  ["1.2", "1.2.0", "1.2.0.1"],
  ["20251231", "20260101", "99999999999999999999998", "99999999999999999999999"],
  ["1.0+a", "1.0_b", "1.1+a"],
  ["1.09", "1.9.1", "1.010"],
];

test("ascending", () => {
  for (const order of orders) {
    fc.assert(
      fc.property(shuffled(order), (tags) => assert.deepEqual(sortTags(tags), order)),
      { numRuns: 20 },
    );
  }
});

test("one order for all tags, whatever they are", () => {
  const tag = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/),
    fc.stringMatching(/^v?[0-3]{1,2}(\.[0-3]){0,3}(-[a1.-]{1,4})?$/),
  );
  fc.assert(
    fc.property(tag, tag, tag, (one, two, three) => {
      assert.equal(Math.sign(compareTags(one, two)), -Math.sign(compareTags(two, one)) || 0);
      assert.equal(compareTags(one, two) === 0, one === two);
      if (compareTags(one, two) <= 0 && compareTags(two, three) <= 0) assert.ok(compareTags(one, three) <= 0);
    }),
    { numRuns: 5000 },
  );
});

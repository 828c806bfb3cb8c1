import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { intervalMs, limitMs } from "../../src/tunnel/back-off.ts";

describe("the next attempt after a cut", () => {
  const intervals = [
    // failed, since the cut, random, interval
    [0, 0, 0, 0],
    [0, 90_000, 0, 0],
    [1, 100, 0, 250],
    [2, 500, 0, 500],
    [3, 1_000, 0, 1_000],
    [4, 3_000, 0, 2_000],
    [30, 59_999, 0, 2_000],
    [4, 3_000, 0.5, 1_750],
    [30, 60_000, 0, 30_000],
    [500, 3_600_000, 1, 22_500],
  ] as const;
  for (const [failed, sinceCutMs, random, expected] of intervals) {
    it(`comes ${expected} ms after the one before, with ${failed} failed in ${sinceCutMs} ms`, () => {
      assert.equal(intervalMs({ failed, sinceCutMs, random }), expected);
    });
  }

  const limits = [
    // failed, since the cut, what one took, expected
    [0, 0, 100, 2_000],
    [1, 2_000, 1_500, 4_500],
    [1, 2_000, 9_000, 15_000],
    [3, 8_000, 100, 15_000],
    [4, 10_000, 100, 2_000],
    [40, 60_000, 100, 15_000],
  ] as const;
  for (const [failed, sinceCutMs, tookMs, expected] of limits) {
    it(`takes ${expected} ms at most, with ${failed} failed in ${sinceCutMs} ms where ${tookMs} ms is usual`, () => {
      assert.equal(limitMs({ failed, sinceCutMs, tookMs, usualMs: 15_000 }), expected);
    });
  }
});

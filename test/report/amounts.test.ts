import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAgo, renderDuration, renderSize } from "../../src/report/amounts.ts";

test("sizes", () => {
  const sizes = [
    0,
    1023,
    1024,
    1536,
    10 * 1024,
    1024 ** 2 - 1,
    213 * 1024 ** 2,
    3 * 1024 ** 3,
    2000 * 1024 ** 5,
  ];
  assert.deepEqual(sizes.map(renderSize), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "10 KiB",
    "1 MiB",
    "213 MiB",
    "3 GiB",
    "2000 PiB",
  ]);
});

test("durations", () => {
  assert.deepEqual([-1, 0, 59.9, 60, 3599, 3600, 86_400 * 5].map(renderDuration), [
    "0s",
    "0s",
    "59s",
    "1m",
    "59m",
    "1h",
    "5d",
  ]);
});

test("ago", () => {
  const now = new Date("2026-01-02T00:00:00Z");
  assert.equal(renderAgo(new Date("2026-01-01T00:00:00Z"), now), "1d ago");
  assert.equal(renderAgo(new Date("2026-01-01T23:59:55Z"), now), "just now");
  assert.equal(renderAgo(new Date("2026-01-03T00:00:00Z"), now), "just now");
});

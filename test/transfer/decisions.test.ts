/** What copying decides before and while it does anything. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RegctlError } from "../../src/errors.ts";
import { createBodyLimit, smallerChunk } from "../../src/transfer/chunk-size.ts";
import { createRangeSwitch } from "../../src/transfer/range-switch.ts";
import { createRangeToken, judgeRanges } from "../../src/transfer/ranges.ts";
import { createSchedule } from "../../src/transfer/schedule.ts";
import { createPatience, judgeUploadFailure } from "../../src/transfer/upload-failure.ts";

const mib = 2 ** 20;

describe("bodies that are too large", () => {
  for (const [refused, least, next] of [
    [1024 * mib, null, 64 * mib],
    [64 * mib, null, 16 * mib],
    [20 * mib, null, 16 * mib],
    [16 * mib, 10 * mib, null],
    [16 * mib, 5 * mib, 5 * mib],
    [2 * mib, null, 1 * mib],
    [mib, null, 256 * 1024],
    [1000, null, null],
  ] as const) {
    test(`${refused} bytes, none smaller than ${least}: ${next}`, () => {
      assert.equal(smallerChunk(refused, least), next);
    });
  }

  test("a limit is only ever lowered, and learnt once", () => {
    const limit = createBodyLimit();
    assert.equal(limit.most(), null);
    assert.deepEqual(
      [limit.lower(16), limit.lower(16), limit.lower(64), limit.lower(5)],
      [true, false, false, true],
    );
    assert.equal(limit.most(), 5);
  });
});

describe("an upload that failed", () => {
  const answer = (status: number) =>
    new RegctlError("REGISTRY_ERROR", { registry: "r", request: "PATCH x", status, message: "m" });
  const limited = (retryAfterSeconds: number | null) =>
    new RegctlError("RATE_LIMITED", { registry: "r", message: "m", retryAfterSeconds });
  for (const [name, error, remedy] of [
    ["413", answer(413), "shrink"],
    ["416", answer(416), "ask"],
    ["500", answer(500), "ask"],
    ["400", answer(400), "restart"],
    ["302", answer(302), "stop"],
    ["gone", new RegctlError("NOT_FOUND", { what: "w", reason: "r" }), "restart"],
    ["broken", new RegctlError("REGISTRY_UNREACHABLE", { registry: "r", tried: [], reason: "r" }), "ask"],
    ["busy", limited(null), "ask"],
    ["limited for a day", limited(86_400), "stop"],
    [
      "wrong bytes",
      new RegctlError("DIGEST_MISMATCH", { what: "w", digest: "d", size: 1, actual: null, bytes: 2 }),
      "stop",
    ],
    ["a mistake of ours", new TypeError("x"), "stop"],
  ] as const) {
    test(`${name}: ${remedy}`, () => assert.equal(judgeUploadFailure(error), remedy));
  }

  test("patience ends without progress, and begins anew with it", () => {
    const patience = createPatience();
    const tries = (offset: number) => {
      let count = 0;
      while (patience.again("ask", offset) && count < 1000) count += 1;
      return count;
    };
    assert.equal(tries(0), 5);
    assert.ok(patience.waitMs() > 0);
    assert.ok(patience.again("ask", 100));
    assert.equal(patience.waitMs(), 0);
    assert.equal(tries(100), 5);
  });

  test("progress alone does not make it go on for ever", () => {
    const patience = createPatience();
    let offset = 1;
    while (patience.again("ask", offset)) offset += 1;
    assert.equal(offset, 200);
    const restarted = createPatience();
    let restarts = 0;
    while (restarted.again("restart", restarts + 1)) restarts += 1;
    assert.equal(restarts, 3);
  });
});

describe("one stream or several ranges", () => {
  const slow = { elapsedMs: 1000, heldMs: 0, bytes: 5 * mib, left: 500 * mib };
  for (const [name, measured, judged] of [
    ["a slow source", slow, "ranges"],
    ["too early", { ...slow, elapsedMs: 900 }, "wait"],
    ["a fast one", { ...slow, bytes: 100 * mib }, "wait"],
    ["a slow target", { ...slow, heldMs: 300 }, "wait"],
    ["little left", { ...slow, left: 15 * mib }, "never"],
  ] as const) {
    test(`${name}: ${judged}`, () => assert.equal(judgeRanges(measured), judged));
  }

  test("one blob at a time, and only where ranges are heeded", async () => {
    let alone = false;
    const token = createRangeToken(() => alone);
    assert.equal(token.take(), false, "others are in flight");
    alone = true;
    const [one, other, deaf] = [async () => true, async () => true, async () => false].map((heeds) =>
      createRangeSwitch(token, heeds),
    );
    assert.ok(one !== undefined && other !== undefined && deaf !== undefined);
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    assert.equal(
      one.consider(() => slow),
      false,
    );
    assert.equal(
      other.consider(() => slow),
      false,
    );
    await settle();
    assert.deepEqual([one.consider(() => slow), other.consider(() => slow)], [true, false]);
    one.broke();
    assert.equal(
      one.consider(() => slow),
      false,
      "once broken, never again",
    );
    deaf.consider(() => slow);
    await settle();
    assert.equal(
      deaf.consider(() => slow),
      false,
    );
    other.consider(() => slow);
    await settle();
    assert.equal(
      other.consider(() => slow),
      true,
      "the token came back",
    );
    other.close();
    assert.ok(token.take());
  });
});

test("the largest comes first, and no more at once than there are slots", async () => {
  const schedule = createSchedule(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const work = (weight: number) => async () => {
    begun.push(weight);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (weight === 3) throw new Error("three");
  };
  const results = await Promise.allSettled(
    [1, 5, 3, 4, 2].map((weight) => schedule.run(weight, work(weight))),
  );
  assert.deepEqual([begun, most], [[5, 4, 3, 2, 1], 2]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionSlots } from "../../src/ssh/session-slots.ts";

async function settled(promise: Promise<void>): Promise<boolean> {
  return await Promise.race([
    promise.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}

describe("SessionSlots", () => {
  it("lets ten in, and the next when one leaves", async () => {
    const slots = new SessionSlots();
    for (let count = 0; count < 10; count++) assert.equal(await settled(slots.take()), true);
    const eleventh = slots.take();
    assert.equal(await settled(eleventh), false);
    slots.release();
    assert.equal(await settled(eleventh), true);
  });

  it("learns from a refusal how many there may be", async () => {
    const slots = new SessionSlots();
    await Promise.all([slots.take(), slots.take(), slots.take()]);
    assert.equal(slots.refused(), true);
    const third = slots.take();
    assert.equal(await settled(third), false);
    slots.release();
    assert.equal(await settled(third), true);
  });

  it("does not wait for a server that refuses the first", async () => {
    const slots = new SessionSlots();
    await slots.take();
    assert.equal(slots.refused(), false);
    assert.equal(await settled(slots.take()), true);
  });

  it("wakes those who wait after the limit has shrunk", async () => {
    const slots = new SessionSlots();
    const taken = Array.from({ length: 12 }, () => slots.take());
    await Promise.all(taken.slice(0, 10));
    slots.refused();
    slots.refused();
    for (let count = 0; count < 8; count++) slots.release();
    assert.equal(await settled(Promise.all(taken).then(() => {})), true);
  });
});

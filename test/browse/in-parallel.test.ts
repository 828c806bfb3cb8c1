import assert from "node:assert/strict";
import { test } from "node:test";
import { inParallel } from "../../src/browse/in-parallel.ts";

test("every item once, in order, so many at a time", async () => {
  const begun: string[] = [];
  let now = 0;
  let most = 0;
  await inParallel(["a", "b", "c", "d", "e"], 2, async (item, index) => {
    begun.push(`${index}${item}`);
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
  });
  assert.deepEqual([begun, most], [["0a", "1b", "2c", "3d", "4e"], 2]);
});

test("the first failure ends it: no further item is begun", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error("one");
  };
  await assert.rejects(inParallel([0, 1, 2, 3, 4, 5], 2, work), /one/);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(begun.length < 5, String(begun));
});

test("a source that fails fails the whole", async () => {
  async function* source() {
    yield 1;
    throw new Error("no more");
  }
  await assert.rejects(
    inParallel(source(), 3, async () => {}),
    /no more/,
  );
});

test("nothing to do is done", async () => {
  await inParallel([], 3, async () => assert.fail("no item"));
});

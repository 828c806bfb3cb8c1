/** Layers read while they are written. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { isRegctlError } from "../../src/errors.ts";
import { openSpool } from "../../src/pull/spool.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { makeBytes } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";

const content = makeBytes(300_000, "layer");
const layer = { mediaType: "layer", digest: computeDigest(content), size: content.length };

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("bytes are read as they come, from the first on, by readers that begin before and after", async () => {
  await using home = await createTempHome();
  const spool = await openSpool(`${home.path}/spool`);
  const spooled = spool.expect(layer, "it");
  const before = collect(spooled.read());
  const filled = spooled.fill(async function* (start) {
    assert.equal(start, 0);
    for (let at = 0; at < content.length; at += 70_000) yield content.subarray(at, at + 70_000);
  });
  assert.deepEqual(await filled, { kept: 0 });
  assert.ok((await before).equals(content));
  assert.ok((await collect(spooled.read())).equals(content));
  await spool.close("loaded");
  assert.deepEqual(await readdir(home.path), []);
});

test("a reader comes to no end before the bytes are verified, and fails when they are others", async () => {
  await using home = await createTempHome();
  const spool = await openSpool(`${home.path}/spool`);
  const spooled = spool.expect(layer, "it");
  const gate = Promise.withResolvers<void>();
  const wrong = Buffer.from(content);
  wrong[5] = 1 ^ (wrong[5] ?? 0);
  const filled = spooled.fill(async function* () {
    yield wrong;
    await gate.promise;
  });
  const reader = spooled.read();
  let read = 0;
  while (read < wrong.length) read += (await reader.next()).value?.length ?? 0;
  let ended = false;
  const end = reader.next().then(() => {
    ended = true;
  });
  end.catch(() => {});
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(ended, false);
  gate.resolve();
  await assert.rejects(filled, (error) => isRegctlError(error, "DIGEST_MISMATCH"));
  await assert.rejects(end, (error) => isRegctlError(error, "DIGEST_MISMATCH"));
  await spool.close("broken");
  assert.deepEqual(await readdir(home.path), []);
});

test("another run goes on behind what is kept; after other bytes nothing unverified is kept", async () => {
  await using home = await createTempHome();
  const begin = async (part: Buffer, ending: "broken" | "spoilt") => {
    const spool = await openSpool(`${home.path}/spool`);
    const spooled = spool.expect(layer, "it");
    const filled = spooled.fill(async function* () {
      yield part;
      throw new Error("broken off");
    });
    await assert.rejects(filled, /broken off/);
    await spool.close(ending);
  };
  await begin(content.subarray(0, 100_000), "spoilt");
  assert.deepEqual(await readdir(home.path), []);
  await begin(content.subarray(0, 100_000), "broken");
  const spool = await openSpool(`${home.path}/spool`);
  const spooled = spool.expect(layer, "it");
  const filled = spooled.fill(async function* (start) {
    assert.equal(start, 100_000);
    yield content.subarray(start);
  });
  assert.deepEqual(await filled, { kept: 100_000 });
  assert.ok((await collect(spooled.read())).equals(content));
  await spool.close("broken");
  // Whole, it is not asked for again.
  const third = await openSpool(`${home.path}/spool`);
  const whole = third.expect(layer, "it").fill(() => assert.fail("asked for"));
  assert.deepEqual(await whole, { kept: content.length });
  await third.close("loaded");
});

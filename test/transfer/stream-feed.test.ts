import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { createStreamFeed, SourcePassed, type StreamFeedOptions } from "../../src/transfer/stream-feed.ts";
import { makeBytes } from "../support/image-maker.ts";

const bytes = makeBytes(1000, "feed");

function open(options: Partial<StreamFeedOptions> = {}) {
  let asked = 0;
  const source = (async function* () {
    for (; asked < bytes.length; asked += 100) yield bytes.subarray(asked, asked + 100);
  })();
  const feed = createStreamFeed({ source, window: 300, wanted: null, onBytes: () => {}, ...options });
  return { feed, asked: () => asked };
}

describe("a blob that is made on the way", () => {
  it("knows its digest and its size when it has passed", async () => {
    const { feed } = open();
    assert.deepEqual([feed.digest, feed.size], [null, null]);
    const part = await feed.part(0, null);
    assert.equal(part.length, null);
    assert.ok((await buffer(part.open())).equals(bytes));
    assert.deepEqual([feed.digest, feed.size, feed.passed], [computeDigest(bytes), 1000, 1000]);
    feed.verify();
  });

  it("gives again what it keeps, and says what it keeps no more", async () => {
    const { feed } = open();
    await buffer((await feed.part(0, null)).open());
    assert.ok((await buffer((await feed.part(700, null)).open())).equals(bytes.subarray(700)));
    await assert.rejects(buffer((await feed.part(0, null)).open()), SourcePassed);
    assert.ok(feed.failure() instanceof SourcePassed);
  });

  it("leaves out what another run has sent, and hashes it all the same", async () => {
    const { feed } = open();
    assert.ok((await buffer((await feed.part(650, null)).open())).equals(bytes.subarray(650)));
    assert.deepEqual([feed.digest, feed.passed], [computeDigest(bytes), 350]);
  });

  it("comes in parts of a known length, no longer than what it keeps", async () => {
    const { feed } = open();
    const parts: Buffer[] = [];
    for (let at = 0; ; ) {
      const { length, open: openPart } = await feed.part(at, 250);
      if (length === 0 || length === null) break;
      parts.push(await buffer(openPart()));
      at += length;
    }
    assert.deepEqual(
      parts.map(({ length }) => length),
      [250, 250, 250, 250],
    );
    assert.ok(Buffer.concat(parts).equals(bytes));
    assert.equal((await open().feed.part(0, 900)).length, 300);
  });

  it("is asked for no more than is wanted", async () => {
    const { feed, asked } = open();
    await feed.part(0, 150);
    assert.ok(asked() <= 200);
    feed.close();
  });

  it("is refused when it is something else", async () => {
    const digest = computeDigest("something else");
    const { feed } = open({ wanted: { digest, what: "a layer" } });
    await buffer((await feed.part(0, null)).open());
    assert.throws(
      () => feed.verify(),
      (error) => isRegctlError(error, "DIGEST_MISMATCH"),
    );
  });

  it("fails with what its source failed with", async () => {
    const failing = (async function* () {
      yield bytes;
      throw new Error("the disk is gone");
    })();
    const { feed } = open({ source: failing });
    await assert.rejects(buffer((await feed.part(0, null)).open()), /the disk is gone/);
    assert.match(String(feed.failure()), /the disk is gone/);
  });
});

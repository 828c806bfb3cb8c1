import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import {
  algorithmOf,
  compareDigests,
  computeDigest,
  type Digest,
  encodedOf,
  parseDigest,
} from "../../src/registry/digest.ts";
import { createVerifier, createVerifyingStream, verifyBytes } from "../../src/registry/verify.ts";

// FIPS 180-2, the message "abc".
const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("digests are computed and taken apart", () => {
  assert.equal(computeDigest("abc"), abc);
  assert.equal(parseDigest(abc), abc);
  for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
    const digest = computeDigest(Buffer.from("abc"), algorithm);
    assert.equal(encodedOf(digest), createHash(algorithm).update("abc").digest("hex"));
    assert.equal(algorithmOf(digest), algorithm);
    assert.equal(parseDigest(digest), digest);
  }
});

test("what is no digest", () => {
  for (const text of [
    abc.toUpperCase(),
    abc.slice(1),
    `${abc}0`,
    abc.slice(0, -1),
    "",
    "sha256:",
    `md5:${"0".repeat(32)}`,
    null,
    7,
  ]) {
    assert.equal(parseDigest(text), null, String(text));
  }
});

test("two algorithms do not contradict each other", () => {
  assert.equal(compareDigests(computeDigest("a"), computeDigest("a")), "same");
  assert.equal(compareDigests(computeDigest("a"), computeDigest("b")), "different");
  assert.equal(compareDigests(computeDigest("a"), computeDigest("a", "sha512")), "incomparable");
});

interface Run {
  readonly digest: Digest;
  readonly size: number | null;
  readonly chunks: readonly Buffer[];
}

/** What came out, and the facts of the mismatch if there was one. */
async function passThrough({ digest, size, chunks }: Run) {
  const out: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.push(chunk);
      done();
    },
  });
  try {
    await pipeline(Readable.from(chunks), createVerifyingStream({ digest, size, what: "layer 1" }), sink);
  } catch (error) {
    assert.ok(isRegctlError(error, "DIGEST_MISMATCH"), String(error));
    return { out: Buffer.concat(out), facts: error.facts };
  }
  return { out: Buffer.concat(out), facts: null };
}

test("right bytes pass, in whatever chunks", async () => {
  const chunks = fc.array(
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(
      chunks,
      fc.constantFrom("sha256", "sha512"),
      fc.boolean(),
      async (list, algorithm, told) => {
        const content = Buffer.concat(list);
        const digest = computeDigest(content, algorithm as "sha256" | "sha512");
        const { out, facts } = await passThrough({
          digest,
          size: told ? content.length : null,
          chunks: list,
        });
        assert.equal(facts, null);
        assert.deepEqual(out, content);
      },
    ),
    { numRuns: 100 },
  );
});

test("wrong bytes, too few and too many do not", async () => {
  const content = Buffer.from("0123456789");
  const digest = computeDigest(content);
  const wrong = await passThrough({ digest, size: 10, chunks: [Buffer.from("012345678x")] });
  const actual = computeDigest("012345678x");
  assert.deepEqual(wrong.facts, { what: "layer 1", digest, size: 10, actual, bytes: 10 });

  const short = await passThrough({ digest, size: 10, chunks: [content.subarray(0, 4)] });
  assert.deepEqual(short.facts, {
    what: "layer 1",
    digest,
    size: 10,
    actual: computeDigest("0123"),
    bytes: 4,
  });

  const empty = await passThrough({ digest, size: null, chunks: [] });
  assert.deepEqual(empty.facts, { what: "layer 1", digest, size: null, actual: computeDigest(""), bytes: 0 });

  // Stopped at the chunk that is too much, which does not come through.
  const long = await passThrough({
    digest,
    size: 10,
    chunks: [content, Buffer.from("!"), Buffer.alloc(1000)],
  });
  assert.deepEqual(long.facts, { what: "layer 1", digest, size: 10, actual: null, bytes: 11 });
  assert.equal(long.out.length, 10);

  // The digest is right and the size was a lie.
  const lie = await passThrough({ digest, size: 11, chunks: [content] });
  assert.equal(lie.facts?.actual, digest);
});

test("bytes at hand are held to the same", () => {
  verifyBytes(Buffer.from("abc"), { digest: abc, size: 3, what: "x" });
  assert.throws(() => verifyBytes(Buffer.from("abd"), { digest: abc, size: 3, what: "x" }));
  const verifier = createVerifier({ digest: abc, size: null, what: "x" });
  verifier.update(Buffer.from("a"));
  verifier.update(Buffer.from("bc"));
  assert.equal(verifier.bytes, 3);
  verifier.finish();
});

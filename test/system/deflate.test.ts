/** Our own deflate: whatever it is given comes back, the same bytes each time, on threads and here. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { readDeflateCode } from "../../scripts/assembly.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { createDeflate } from "../../src/system/deflate-threads.ts";
import { repository } from "../support/run-cli.ts";

const mebibyte = 2 ** 20;
const deflate = createDeflate(2);

/** A block ends on a byte and is not the last of its stream: an empty last one makes a stream of it. */
function inflate(packed: Buffer, before: Buffer | null): Buffer {
  const end = before?.subarray(Math.max(0, before.length - 32_768));
  return inflateRawSync(
    Buffer.concat([packed, Buffer.from([3, 0])]),
    end === undefined || end.length === 0 ? {} : { dictionary: end },
  );
}

async function assertComesBack(block: Buffer, before: Buffer | null = null): Promise<Buffer> {
  const packed = await deflate(block, before);
  assert.ok(inflate(packed, before).equals(block), `${block.length} bytes after ${before?.length ?? 0}`);
  return packed;
}

/** Numbers that look random and are the same each time: xorshift. */
function seeded(length: number, most: number, seed = 1): Buffer {
  let state = seed;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = (state >>> 8) % most;
  }
  return bytes;
}

/** Words of a small vocabulary: matches of all lengths and distances. */
function words(length: number, seed: number): Buffer {
  const dictionary = Array.from({ length: 3000 }, (_, index) => seeded(1 + (index % 300), 60, index + seed));
  const picks = seeded(length, 251, seed + 7);
  const parts: Buffer[] = [];
  for (let at = 0, size = 0; size < length; at += 2) {
    const word = dictionary[((picks[at] ?? 0) * 251 + (picks[at + 1] ?? 0)) % dictionary.length];
    if (word === undefined) break;
    parts.push(word);
    size += word.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

describe("deflate", () => {
  test("any block after anything", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 700 }),
      fc.array(fc.constantFrom(0, 1, 255), { maxLength: 3000 }).map((list) => Uint8Array.from(list)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 400 }))
        .map(([part, times]) => Uint8Array.from(Array.from({ length: times }, () => [...part]).flat())),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.option(bytes), async (block, before) => {
        await assertComesBack(Buffer.from(block), before === null ? null : Buffer.from(before));
      }),
      { numRuns: 600 },
    );
  });

  for (const [title, make] of Object.entries<(length: number) => Buffer>({
    zeros: (length) => Buffer.alloc(length),
    noise: (length) => randomBytes(length),
    "two letters": (length) => seeded(length, 2),
    // Codes of them would be longer than the fifteen bits that there are.
    "letters each half as frequent as the last": (length) => {
      const bits = seeded(length * 3, 256, 5);
      return Buffer.from(Array.from({ length }, (_, at) => Math.clz32(bits.readUIntBE(at * 3, 3) | 1)));
    },
    words: (length) => words(length, 3),
    "noise with an end that matches": (length) => {
      const bytes = randomBytes(length);
      for (let at = 65_000; at + 600 < length; at += 65_277) bytes.copy(bytes, at, at - 1000, at - 700);
      return bytes;
    },
  })) {
    test(`${title}, of every awkward length`, async () => {
      const lengths = [0, 1, 2, 3, 4, 7, 8, 9, 11, 12, 257, 258, 259, 4095, 65_277, 65_535, 65_536, 131_071];
      for (const length of [...lengths, 131_072, mebibyte - 1, mebibyte]) {
        const whole = make(length + 40_000);
        const before = whole.subarray(0, 40_000);
        const packed = await assertComesBack(whole.subarray(40_000), before);
        assert.ok(packed.length <= length + 5 * Math.ceil(length / 30_000 + 1) + 6, `${packed.length}`);
      }
    });
  }

  test("a program, hardly larger than zlib makes it at its level 1", async () => {
    const program = await readFile(process.execPath);
    let [ours, theirs] = [0, 0];
    for (let at = 0; at + mebibyte <= Math.min(program.length, 24 * mebibyte); at += mebibyte) {
      const block = program.subarray(at, at + mebibyte);
      const before = at === 0 ? null : program.subarray(0, at);
      ours += (await assertComesBack(block, before)).length;
      theirs += deflateRawSync(block, { level: 1 }).length;
    }
    assert.ok(ours < theirs * 1.04, `${ours} against ${theirs}`);
  });

  test("many at once, each as if it were alone", async () => {
    const blocks = Array.from({ length: 12 }, (_, index) => words(200_000 + index * 50_000, index + 1));
    const together = await Promise.all(blocks.map((block) => deflate(block, null)));
    const alone = createDeflate(1);
    for (const [index, block] of blocks.entries()) {
      const packed = await alone(block, null);
      assert.ok(packed.equals(together[index] ?? Buffer.alloc(0)), `block ${index}`);
      assert.ok(inflate(packed, null).equals(block));
    }
  });

  // Who goes on with an upload of another run relies on it: see `ownVersion` in compression.ts, raise it with this.
  test("the bytes are those of this version", async () => {
    const packed = await deflate(words(300_000, 11), words(40_000, 12));
    assert.equal(
      computeDigest(packed),
      "sha256:fecdf96d5cf0ebf941681d284bead9fe6f35dd41f691fb95fb0f8c0511a401a9",
    );
  });

  test("the code is what assembly/ compiles to", async () => {
    const written = await readFile(`${repository}/src/system/deflate-code.ts`, "utf8");
    assert.equal(written, await readDeflateCode(), "npm run assembly");
  });
});

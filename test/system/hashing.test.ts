/** Digests on a thread of their own: the same ones, whatever becomes of the memory and of the thread. */
import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { RunningHash } from "../../src/registry/digest.ts";
import { createHashing, type HashingOptions } from "../../src/system/hashing.ts";
import { slabs } from "../../src/system/wire-http/slabs.ts";

/** Enough for the thread. */
const size = 64 * 2 ** 20;

/** Reads as a connection does, and gives the memory back as whoever has sent it does: at once. */
function readInto(hashes: readonly RunningHash[], pieces: number): void {
  let slab: ReturnType<typeof slabs.space>["slab"] | null = null;
  for (let piece = 0; piece < pieces; piece += 1) {
    const space = slabs.space(slab);
    slab = space.slab;
    const start = slab.filled;
    const length = Math.min(space.target.length, 100_000 + 37 * piece);
    randomFillSync(slab.buffer, start, length);
    slab.filled += length;
    const chunk = slabs.lend(slab, start, start + length);
    for (const hash of hashes) hash.update(chunk);
    slabs.giveBack(chunk);
  }
}

function start(options: HashingOptions = {}): readonly [RunningHash, RunningHash] {
  return [createHashing({ load: idle, ...options })("sha256", size), createHash("sha256")];
}

/** Whatever else this machine does. */
const idle = (): number => 0;

const programOf = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

/** Does two things that it is told, and is gone. */
const ends = 'import { workerData } from "node:worker_threads"; Atomics.add(workerData.counts, 0, 2)';

describe("hashing on a thread", { timeout: 60_000 }, () => {
  it("gives the digest, although the memory is used again meanwhile", () => {
    const [hash, here] = start();
    readInto([here, hash], 600);
    assert.equal(hash.digest("hex"), here.digest("hex"));
  });

  it("keeps several apart, of several algorithms", () => {
    const open = createHashing({ load: idle });
    const algorithms = ["sha256", "sha512", "sha384", "sha256"] as const;
    const hashes = algorithms.map((name) => [open(name, size), createHash(name)] as const);
    for (let round = 0; round < 20; round += 1) for (const each of hashes) readInto(each, 7);
    for (const [hash, here] of hashes.toReversed()) assert.equal(hash.digest("hex"), here.digest("hex"));
  });

  it("takes what does not lie in shared memory as well, in the middle of what does", () => {
    const [hash, here] = start();
    const own = Buffer.alloc(70_000, 7);
    for (let round = 0; round < 40; round += 1) {
      readInto([here, hash], 3);
      own.writeUInt32LE(round);
      for (const each of [here, hash]) each.update(own.subarray(round));
    }
    own.fill(0);
    assert.equal(hash.digest("hex"), here.digest("hex"));
  });

  it("hashes by itself where the thread does not begin", () => {
    const open = createHashing({ load: idle, program: programOf(""), patienceMs: 100 });
    for (const _ of ["the first", "and the next, which is not given to it"]) {
      const [hash, here] = [open("sha256", size), createHash("sha256")];
      readInto([here, hash], 300);
      for (const each of [here, hash]) each.update(Buffer.from("the end"));
      assert.equal(hash.digest("hex"), here.digest("hex"));
    }
  });

  it("starts none where others wait for the processors, nor for what is small", () => {
    const wrong = { program: programOf(ends), patienceMs: 200 };
    const busy = createHashing({ load: () => 1000, ...wrong })("sha256", size);
    const small = createHashing({ load: idle, ...wrong })("sha256", 1_000_000);
    const here = createHash("sha256");
    readInto([here, busy, small], 200);
    const digest = here.digest("hex");
    assert.deepEqual([busy.digest("hex"), small.digest("hex")], [digest, digest]);
  });

  it("gives no digest where the thread ends in the middle", () => {
    const [hash, here] = start({ program: programOf(ends), patienceMs: 1000 });
    readInto([here, hash], 100);
    assert.throws(
      () => hash.digest("hex"),
      (error) => isRegctlError(error, "INTERNAL"),
    );
  });
});

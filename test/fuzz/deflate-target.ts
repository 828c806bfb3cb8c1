/** Our own encoder: whatever it packs, zlib unpacks to the same. */
import assert from "node:assert/strict";
import { inflateRawSync } from "node:zlib";
import { createDeflateMemory, openDeflateInstance } from "../../src/system/deflate-instance.ts";
import type { Target } from "./targets.ts";

const memory = createDeflateMemory();
const instance = openDeflateInstance(memory);
const bytes = new Uint8Array(memory.buffer);

function assertComesBack(block: Buffer, before: Buffer): void {
  bytes.set(before, instance.inputOf(1));
  bytes.set(block, instance.inputOf(1) + before.length);
  const length = instance.deflate(1, before.length, block.length);
  const packed = Buffer.from(bytes.slice(instance.outputOf(1), instance.outputOf(1) + length));
  const stream = Buffer.concat([packed, Buffer.from([3, 0])]);
  const unpacked = inflateRawSync(stream, before.length === 0 ? {} : { dictionary: before });
  assert.ok(unpacked.equals(block));
}

/** Longer than one part of a block, and not the same all along. */
function stretch(input: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, shift = 0; at < 140_000 && input.length > 0; at += input.length, shift += 1) {
    parts.push(
      shift % 3 === 0 ? input : (input.map((byte, index) => byte ^ ((index * shift) >> 4)) as Buffer),
    );
  }
  return Buffer.concat(parts).subarray(0, 2 ** 20);
}

export const deflateTarget: Target = {
  name: "deflate",
  seeds: [
    "",
    "a",
    "abcabcabcabc",
    "a".repeat(600),
    Buffer.from(Array.from({ length: 700 }, (_, index) => (index * index) >> 3)).toString("latin1"),
  ],
  run: (input) => {
    const third = Math.trunc(input.length / 3);
    assertComesBack(input.subarray(third), input.subarray(0, third).subarray(-32_768));
    if (input.length % 16 === 0) assertComesBack(stretch(input), Buffer.alloc(0));
  },
};

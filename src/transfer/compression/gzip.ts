/**
 * One gzip member (RFC 1952) made of blocks that were deflated apart: each ends on a byte (an empty stored block, as
 * pigz does it) and is given the 32 KiB before it as its dictionary, so that little is lost and every reader takes it.
 */
import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import { type BlockOptions, type CompressBlock, compressBlocks } from "./blocks.ts";

const deflateRawAsync = promisify(deflateRaw);

const windowBits = 15;
const window = 2 ** windowBits;
/** No name, no time: the same input gives the same bytes. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block: all others say that more follows. */
const end = Buffer.from([0x03, 0x00]);

/** zlib at a level of 1 to 9 as what packs the blocks of a member. */
export function deflateByZlib(level: number): CompressBlock {
  return (block, before) =>
    deflateRawAsync(block, {
      level,
      memLevel: 9,
      windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      // Of the block alone: zlib's flush writes other bytes where its output just fits.
      chunkSize: Math.max(64, block.length >> 1),
      ...(before === null ? {} : { dictionary: before.subarray(Math.max(0, before.length - window)) }),
    });
}

export async function* gzip(
  input: AsyncIterable<Uint8Array>,
  deflate: CompressBlock,
  options: BlockOptions,
): AsyncGenerator<Buffer, void, undefined> {
  let checksum = 0;
  let length = 0;
  yield header;
  yield* compressBlocks(input, deflate, options, (block) => {
    checksum = crc32(block, checksum);
    length += block.length;
  });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([end, trailer]);
}

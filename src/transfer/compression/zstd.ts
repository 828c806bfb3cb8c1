/** Zstandard (RFC 8878) as frames that follow each other, one for each block: readers take them for one stream. */
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { type BlockOptions, compressBlocks } from "./blocks.ts";

const zstdCompressAsync = promisify(zstdCompress);

export async function* zstd(
  input: AsyncIterable<Uint8Array>,
  level: number,
  options: BlockOptions,
): AsyncGenerator<Buffer, void, undefined> {
  // Threads of its own (ZSTD_c_nbWorkers) make Node cut the output short without an error: never set them.
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  };
  const compress = (block: Buffer): Promise<Buffer> =>
    zstdCompressAsync(block, {
      params,
      chunkSize: Math.max(64, block.length >> 1),
      pledgedSrcSize: block.length,
    });
  let blocks = 0;
  yield* compressBlocks(input, compress, options, () => {
    blocks += 1;
  });
  // Nothing at all is no Zstandard stream.
  if (blocks === 0) yield await compress(Buffer.alloc(0));
}

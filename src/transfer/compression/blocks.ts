/**
 * Compressing one stream on all cores: it is cut into blocks, each is compressed by itself on a thread of Node's pool,
 * and the results follow each other in the order of the blocks.
 */

export interface BlockOptions {
  /** Bytes that are compressed at a time. */
  readonly blockBytes: number;
  /** Blocks under way at most: what is held in memory is about twice as many. */
  readonly inFlight: number;
}

/** `before` is the end of the block before, null for the first one. */
export type CompressBlock = (block: Buffer, before: Buffer | null) => Promise<Buffer>;

/**
 * Blocks of the size that is wanted, the last one shorter; none for an empty input. Their memory is used again: a
 * block is its own for as long as `alive` blocks follow it.
 */
async function* cutIntoBlocks(
  input: AsyncIterable<Uint8Array>,
  blockBytes: number,
  alive: number,
): AsyncGenerator<Buffer, void, undefined> {
  const ring: Buffer[] = [];
  let turn = 0;
  // Fresh memory for each would keep the garbage collector as busy as the compressor.
  const next = (): Buffer => {
    const at = turn % (alive + 1);
    turn += 1;
    ring[at] ??= Buffer.allocUnsafeSlow(blockBytes);
    return ring[at];
  };
  let block = next();
  let filled = 0;
  for await (const chunk of input) {
    for (let at = 0; at < chunk.byteLength; ) {
      const length = Math.min(blockBytes - filled, chunk.byteLength - at);
      block.set(chunk.subarray(at, at + length), filled);
      filled += length;
      at += length;
      if (filled < blockBytes) continue;
      yield block;
      block = next();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/**
 * The compressed blocks in order. `see` gets each block before it is compressed. When the reader stops early, or the
 * input fails, what is under way is waited for and dropped.
 */
export async function* compressBlocks(
  input: AsyncIterable<Uint8Array>,
  compress: CompressBlock,
  { blockBytes, inFlight }: BlockOptions,
  see: (block: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const underWay: Promise<Buffer>[] = [];
  let before: Buffer | null = null;
  try {
    // Those under way, the end of the one before them, and one that is being filled.
    for await (const block of cutIntoBlocks(input, blockBytes, inFlight + 2)) {
      see(block);
      const compressed = compress(block, before);
      // Awaited below, perhaps after another one has failed.
      compressed.catch(() => {});
      underWay.push(compressed);
      before = block;
      const [first] = underWay;
      if (underWay.length < inFlight || first === undefined) continue;
      yield await first;
      await underWay.shift();
    }
    for (const compressed of underWay) yield await compressed;
  } finally {
    await Promise.allSettled(underWay);
  }
}

/**
 * Buffers for what is to be written, shared by all uploads. Each write is a way to another thread and back: an upload
 * that is alone gathers megabytes meanwhile, and many at a time get few buffers each, so that they fit into memory.
 */

/** Bytes of one. */
const bufferBytes = 128 * 1024;
/** Of all uploads together, as long as they are not more than half as many. */
const buffersInAll = 128;
const [fewest, most] = [2, 64];
/** Kept for the next upload. */
const mostSpare = 64;

export interface LentBuffers {
  /** How many this upload may have at this moment; at least two. */
  allowance(): number;
  take(): Buffer;
  giveBack(buffers: readonly Buffer[]): void;
  /** To be called once. */
  end(): void;
}

const spare: Buffer[] = [];
let borrowers = 0;

export function lendBuffers(): LentBuffers {
  borrowers += 1;
  return {
    allowance: () => Math.min(most, Math.max(fewest, Math.floor(buffersInAll / borrowers))),
    take: () => spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes),
    giveBack: (buffers) => {
      spare.push(...buffers.slice(0, mostSpare - spare.length));
    },
    end: () => {
      borrowers -= 1;
    },
  };
}

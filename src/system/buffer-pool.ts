/**
 * Buffers for downloads: large while few are under way, smaller the more there are, so that all together stay within
 * a budget. A download takes one for each piece and gives it back when the piece has gone: a slow client keeps no
 * more than the pieces that wait for it.
 */

export interface BufferPool {
  /** For a piece of at most `wanted` bytes; it may be smaller or larger than that. Never waits. */
  take(wanted: number): Buffer;
  give(buffer: Buffer): void;
  /** Bytes in use now, and the most there ever were. */
  readonly used: number;
  readonly mostUsed: number;
}

const kib = 1024;

/** A size may be taken as long as its part of the budget is not used up. The smallest one always may: nobody starves. */
const sizes = [
  { bytes: 1024 * kib, part: 0.5 },
  { bytes: 256 * kib, part: 0.875 },
  { bytes: 64 * kib, part: 1 },
  { bytes: 16 * kib, part: Number.POSITIVE_INFINITY },
] as const;
const smallest = 16 * kib;

export function createBufferPool(budget: number): BufferPool {
  const free = new Map<number, Buffer[]>(sizes.map(({ bytes }) => [bytes, []]));
  const count = { used: 0, mostUsed: 0, allocated: 0 };

  /** Unused buffers of other sizes are let go, so that what lies about also stays within the budget. */
  const shrink = (): void => {
    for (const [bytes, buffers] of free) {
      while (count.allocated > budget && buffers.pop() !== undefined) count.allocated -= bytes;
    }
  };
  const allocate = (bytes: number): Buffer => {
    count.allocated += bytes;
    shrink();
    return Buffer.allocUnsafeSlow(bytes);
  };
  return {
    take: (wanted) => {
      const bytes = chooseSize(wanted, count.used, budget);
      const buffer = free.get(bytes)?.pop() ?? allocate(bytes);
      count.used += bytes;
      count.mostUsed = Math.max(count.mostUsed, count.used);
      return buffer;
    },
    give: (buffer) => {
      count.used -= buffer.length;
      free.get(buffer.length)?.push(buffer);
      shrink();
    },
    get used() {
      return count.used;
    },
    get mostUsed() {
      return count.mostUsed;
    },
  };
}

/** The largest size that the budget allows, but none larger than it takes to hold what is wanted. */
function chooseSize(wanted: number, used: number, budget: number): number {
  const fitting = sizes.findLast(({ bytes }) => bytes >= wanted)?.bytes ?? Number.POSITIVE_INFINITY;
  const allowed = sizes.find(({ bytes, part }) => bytes <= fitting && used + bytes <= budget * part);
  return allowed?.bytes ?? smallest;
}

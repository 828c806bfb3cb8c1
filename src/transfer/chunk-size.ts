/** How large a body may be, learnt from refusals. Pure, but for the limit that one run remembers. */

const MiB = 1024 * 1024;
/** Sizes to fall back to; below the last one nothing that can be done helps. */
const sizes = [64 * MiB, 16 * MiB, 5 * MiB, 1 * MiB, 256 * 1024] as const;

/**
 * The next size to try after a body of `refused` bytes was too large, or null when there is none: the server takes
 * no chunk smaller than `least`.
 */
export function smallerChunk(refused: number, least: number | null): number | null {
  return sizes.find((size) => size < refused && size >= (least ?? 0)) ?? null;
}

/** What one registry is known to take, shared by all uploads of a run. */
export interface BodyLimit {
  /** Bytes; null while nothing was refused. */
  most(): number | null;
  /** False when somebody else has learnt as much already. */
  lower(size: number): boolean;
}

export function createBodyLimit(): BodyLimit {
  let most: number | null = null;
  return {
    most: () => most,
    lower: (size) => {
      if (most !== null && most <= size) return false;
      most = size;
      return true;
    },
  };
}

/**
 * Whether one blob is better fetched in several ranges at once. One stream is best on a fast line; on a slow one
 * (latency, a limit for each connection) several together come nearer to what the line gives. Pure.
 */

const MiB = 1024 * 1024;

export interface Measured {
  /** Since the stream began to flow. */
  readonly elapsedMs: number;
  /** Of it: the time in which the source had to wait for whoever takes the bytes. */
  readonly heldMs: number;
  readonly bytes: number;
  /** Still to come. */
  readonly left: number;
}

const leastMs = 1000;
/** Faster than this is no slow line: nothing would be won. */
const fastBytesPerSecond = 32 * MiB;
/** Held for longer than this part of the time, it is the sink that is slow. */
const mostHeld = 0.2;
/** For less, the requests cost more than they bring. */
const leastLeft = 16 * MiB;

/** `wait`: too early to tell. `never`: more ranges would not help this blob. */
export function judgeRanges({ elapsedMs, heldMs, bytes, left }: Measured): "wait" | "ranges" | "never" {
  if (left < leastLeft) return "never";
  if (elapsedMs < leastMs) return "wait";
  if (heldMs > elapsedMs * mostHeld) return "wait";
  return bytes / (elapsedMs / 1000) < fastBytesPerSecond ? "ranges" : "wait";
}

/** Bounded whatever the size of the blob: `atOnce` segments in flight, in order. */
export const rangeWindow = { segment: 4 * MiB, atOnce: 4 } as const;

/** One blob at a time has the window, so that memory is bounded. */
export interface RangeToken {
  take(): boolean;
  giveBack(): void;
}

/** `alone`: no other blob is in flight; several are parallel already, and each of them looks slow. */
export function createRangeToken(alone: () => boolean): RangeToken {
  let taken = false;
  return {
    take: () => {
      if (taken || !alone()) return false;
      taken = true;
      return true;
    },
    giveBack: () => {
      taken = false;
    },
  };
}

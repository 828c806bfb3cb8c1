/** When to try again, and how long. Pure. */

/** In the first minute after a cut somebody is likely to wait for it. */
const hurryMs = 60_000;
const firstPauseMs = 250;
const mostPauseInHurryMs = 2_000;
const pauseLaterMs = 30_000;
const leastLimitInHurryMs = 2_000;
/** So many times as long as it took before is long enough on the same network. */
const slack = 3;

/** All in milliseconds. */
export interface Tries {
  /** Attempts that have failed since the cut. */
  readonly failed: number;
  readonly sinceCutMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** From the beginning of one attempt to the beginning of the next: the first comes at once. */
export function intervalMs({ failed, sinceCutMs, random }: Tries): number {
  if (failed === 0) return 0;
  if (sinceCutMs >= hurryMs) return pauseLaterMs * (1 - random / 4);
  const doubled = firstPauseMs * 2 ** Math.min(failed - 1, 10);
  return Math.min(doubled, mostPauseInHurryMs) * (1 - random / 4);
}

export interface Limits {
  readonly failed: number;
  readonly sinceCutMs: number;
  /** What an attempt took that came through. */
  readonly tookMs: number;
  readonly usualMs: number;
}

/**
 * How long an attempt may take. While nothing comes through, TCP asks after 1, 3, 7 … s: a short attempt and a new one
 * find a link that is back sooner than a patient one. Each fourth is patient all the same: the network may be slower
 * than it was.
 */
export function limitMs({ failed, sinceCutMs, tookMs, usualMs }: Limits): number {
  if (sinceCutMs >= hurryMs || failed % 4 === 3) return usualMs;
  return Math.min(usualMs, Math.max(leastLimitInHurryMs, tookMs * slack));
}

/** Bytes under way, told a few times a second. */
import type { Emit } from "../ports.ts";

export interface Meter {
  /** So many more are to travel; fewer when it is negative. */
  expect(bytes: number): void;
  passed(bytes: number): void;
  /** Tells where it stands, now. */
  tell(): void;
}

const tellEveryMs = 200;

export interface MeterOptions {
  readonly emit: Emit;
  /** What is gone to: a registry, a file. */
  readonly host: string;
  readonly what: string;
  /** Milliseconds on any clock that only goes forward. */
  readonly now: () => number;
}

export function createMeter({ emit, host, what, now }: MeterOptions): Meter {
  let done = 0;
  let total = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    toldAt = now();
    emit({ event: "bytes", host, what, done, total: Math.max(total, done) });
  };
  return {
    expect: (bytes) => {
      total += bytes;
    },
    passed: (bytes) => {
      done += bytes;
      if (now() - toldAt >= tellEveryMs) tell();
    },
    tell: () => {
      if (total > 0) tell();
    },
  };
}

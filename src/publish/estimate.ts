/** How much will travel, while it is being packed: what is left is taken to pack as well as what was. */
import type { Meter } from "../transfer/meter.ts";

export interface Estimate {
  /** So many bytes of a layer were read, */
  read(bytes: number): void;
  /** and so many came out of the compressor. */
  packed(bytes: number): void;
  /** Were packed, but need not travel. */
  spared(bytes: number): void;
  /** Nothing more is read. */
  end(): void;
}

/** `unpacked`: bytes of all that is to be read, as far as anybody knows. */
export function createEstimate(unpacked: number, meter: Meter): Estimate {
  let left = unpacked;
  let read = 0;
  let packed = 0;
  let told = 0;
  const tell = (): void => {
    const total = Math.round(packed + left * (read === 0 ? 1 : packed / read));
    meter.expect(total - told);
    told = total;
  };
  tell();
  return {
    read: (bytes) => {
      read += bytes;
      left = Math.max(0, left - bytes);
    },
    packed: (bytes) => {
      packed += bytes;
      tell();
    },
    spared: (bytes) => meter.expect(-bytes),
    end: () => {
      left = 0;
      tell();
    },
  };
}

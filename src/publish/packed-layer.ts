/** A layer as it lies in a registry. Pure. */
import type { Digest } from "../registry/digest.ts";
import type { Algorithm } from "../transfer/compression/compression.ts";

export interface PackedLayer {
  readonly digest: Digest;
  /** Bytes, packed. */
  readonly size: number;
  readonly algorithm: Algorithm;
  /** Bytes of the tar in it; null when nobody measured. */
  readonly unpacked: number | null;
}

const algorithms: readonly Algorithm[] = ["gzip", "zstd", "none"];

export function isAlgorithm(text: string): text is Algorithm {
  return algorithms.some((algorithm) => algorithm === text);
}

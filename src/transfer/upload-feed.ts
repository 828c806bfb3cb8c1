/** What an upload reads: a blob that is known (`createFeed`), or one that is made on the way (`createStreamFeed`). */
import type { Readable } from "node:stream";
import type { Digest } from "../registry/digest.ts";

export interface UploadFeed {
  /** Both null until everything has passed, where it is made on the way. */
  readonly digest: Digest | null;
  /** Bytes. */
  readonly size: number | null;
  /** What follows byte `start`, so many bytes at most. */
  part(start: number, most: number | null): Promise<UploadPart>;
  /** What the source failed with, for good; null while it works. */
  failure(): Error | null;
  /** What the registry has got by then is of use to another run, although the source failed. */
  readonly kept: boolean;
  /** Once everything has passed. Throws DIGEST_MISMATCH. */
  verify(): void;
  close(): void;
}

export interface UploadPart {
  /** Bytes; null for all that follow, where nobody knows how many these are. */
  readonly length: number | null;
  /** Its chunks are nobody else's once they are sent. */
  readonly spends: boolean;
  /** A stream that was opened before is over by then, or is ended. */
  open(): Readable;
}

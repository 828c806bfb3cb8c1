/** Content on its way into a part of a file, held to its digest. */
import type { FileHandle } from "node:fs/promises";
import { RegctlError } from "../errors.ts";
import type { Verifier } from "../registry/verify.ts";
import { writeFully } from "./durable.ts";
import { inFile } from "./failures.ts";

export interface BlobSink {
  write(chunk: Uint8Array): Promise<void>;
  /** What came so far is of no use: other bytes than were announced. */
  readonly spoilt: boolean;
  /** Throws DIGEST_MISMATCH. */
  finish(): void;
}

/** `start` is where the content begins in the file; the verifier may have seen a beginning that is there already. */
export function createBlobSink(
  handle: FileHandle,
  path: string,
  start: number,
  verifier: Verifier,
): BlobSink {
  let spoilt = false;
  const orSpoil = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      spoilt = true;
      throw error;
    }
  };
  return {
    get spoilt() {
      return spoilt;
    },
    write: async (chunk) => {
      if (chunk.byteLength === 0) return;
      if (spoilt) throw new RegctlError("INTERNAL", { what: `written behind a failure: ${path}` });
      // The hash is computed while the kernel takes the bytes.
      const writing = inFile(path, () => writeFully(handle, chunk, start + verifier.bytes));
      try {
        orSpoil(() => verifier.update(chunk));
      } finally {
        await writing;
      }
    },
    finish: () => orSpoil(() => verifier.finish()),
  };
}

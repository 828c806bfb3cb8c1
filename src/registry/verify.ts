/** Holding bytes to the digest and the size that they were announced with, while they pass. */
import { Transform, type TransformCallback } from "node:stream";
import { RegctlError } from "../errors.ts";
import { algorithmOf, type Digest, openHash } from "./digest.ts";

export interface Expected {
  readonly digest: Digest;
  /** Bytes, or null when nobody said. */
  readonly size: number | null;
  /** What is checked, for the error: `layer sha256:… of reg.example/app`. */
  readonly what: string;
}

/** Fed in order, finished once. Both throw DIGEST_MISMATCH; `update` does so as soon as there are too many bytes. */
export interface Verifier {
  /** So far. */
  readonly bytes: number;
  update(chunk: Uint8Array): void;
  finish(): void;
}

export function createVerifier({ digest, size, what }: Expected): Verifier {
  const algorithm = algorithmOf(digest);
  const hash = openHash(algorithm);
  let bytes = 0;
  const mismatch = (actual: Digest | null) =>
    new RegctlError("DIGEST_MISMATCH", { what, digest, size, actual, bytes });
  return {
    get bytes() {
      return bytes;
    },
    update(chunk) {
      bytes += chunk.byteLength;
      if (size !== null && bytes > size) throw mismatch(null);
      hash.update(chunk);
    },
    finish() {
      const actual: Digest = `${algorithm}:${hash.digest("hex")}`;
      if (actual !== digest || (size !== null && bytes !== size)) throw mismatch(actual);
    },
  };
}

/** Throws DIGEST_MISMATCH. */
export function verifyBytes(content: Uint8Array, expected: Expected): void {
  const verifier = createVerifier(expected);
  verifier.update(content);
  verifier.finish();
}

/**
 * Passes bytes on and fails with DIGEST_MISMATCH instead of ending. What comes out before the end is not yet
 * verified: its reader keeps it back from use until the stream has ended.
 */
export function createVerifyingStream(expected: Expected): Transform {
  const verifier = createVerifier(expected);
  const attempt = (step: () => void, done: TransformCallback, chunk?: Uint8Array): void => {
    try {
      step();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done(null, chunk);
  };
  return new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => attempt(() => verifier.update(chunk), done, chunk),
    flush: (done) => attempt(() => verifier.finish(), done),
  });
}

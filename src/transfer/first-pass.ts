/**
 * The digest of a blob whose parts may be read more than once. Every byte is hashed the first time it passes, so the
 * digest is that of what the source gave from beginning to end. What is read again (behind a place to which a target
 * fell back) is not hashed again: there the target's own check, when the blob is put into place under its digest, is
 * what counts. The same holds for an upload that another run began: its first bytes never pass here.
 */
import { RegctlError } from "../errors.ts";
import { algorithmOf, type Digest, openHash } from "../registry/digest.ts";

export interface FirstPass {
  /** `position`: of the chunk's first byte in the blob. */
  update(position: number, chunk: Uint8Array): void;
  /** Throws DIGEST_MISMATCH. False when not all of it passed, so that nothing can be said. */
  verify(): boolean;
}

export function createFirstPass(digest: Digest, size: number, what: string): FirstPass {
  const algorithm = algorithmOf(digest);
  const hash = openHash(algorithm);
  let hashed = 0;
  let whole = true;
  let verified = false;
  return {
    update: (position, chunk) => {
      if (position > hashed) whole = false;
      if (!whole || position + chunk.length <= hashed) return;
      hash.update(position === hashed ? chunk : chunk.subarray(hashed - position));
      hashed = position + chunk.length;
    },
    verify: () => {
      if (verified) return true;
      if (!whole || hashed < size) return false;
      const actual: Digest = `${algorithm}:${hash.digest("hex")}`;
      if (actual !== digest)
        throw new RegctlError("DIGEST_MISMATCH", { what, digest, size, actual, bytes: hashed });
      verified = true;
      return true;
    },
  };
}

/** For targets that hash what they write. */
export const noFirstPass: FirstPass = { update: () => {}, verify: () => false };

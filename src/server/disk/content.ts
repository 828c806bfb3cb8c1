/** Small content that was read and verified, kept in memory: manifests and configs are asked for again and again. */
import { algorithmOf, computeDigest, type Digest } from "../../registry/digest.ts";

/** Bytes of one, and of all together. */
const mostBytes = 256 * 1024;
const mostBytesInAll = 8 * 1024 * 1024;

export interface ContentCache {
  get(digest: Digest): Buffer | undefined;
  /** Kept when it is small; the oldest go. */
  set(digest: Digest, bytes: Buffer): void;
  delete(digest: Digest): void;
}

export function createContentCache(): ContentCache {
  const kept = new Map<Digest, Buffer>();
  let bytesInAll = 0;
  const remove = (digest: Digest): void => {
    bytesInAll -= kept.get(digest)?.length ?? 0;
    kept.delete(digest);
  };
  return {
    get: (digest) => {
      const found = kept.get(digest);
      if (found === undefined) return undefined;
      // Last in the order of the map: what was asked for last goes last.
      kept.delete(digest);
      kept.set(digest, found);
      return found;
    },
    set: (digest, bytes) => {
      if (bytes.length > mostBytes) return;
      remove(digest);
      kept.set(digest, bytes);
      bytesInAll += bytes.length;
      for (const oldest of kept.keys()) {
        if (bytesInAll <= mostBytesInAll) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}

export function isContentOf(digest: Digest, bytes: Buffer): boolean {
  return computeDigest(bytes, algorithmOf(digest)) === digest;
}

/** What the program and its hashing thread tell each other, and how either does what it is told. */
import { createHash, type Hash } from "node:crypto";
import type { DigestAlgorithm } from "../registry/digest.ts";

/** A hash begins, goes on with bytes, and ends; its digest is then in `HashShared`. */
export type HashWork =
  | { readonly kind: "begin"; readonly id: number; readonly algorithm: DigestAlgorithm }
  | HashedBytes
  | { readonly kind: "end"; readonly id: number };

/** They stay as they are until they are done, or are the thread's alone. */
export interface HashedBytes {
  readonly kind: "bytes";
  readonly id: number;
  readonly memory: ArrayBufferLike;
  readonly start: number;
  readonly length: number;
}

/** Where the thread answers: both sides look without a message. */
export interface HashShared {
  readonly counts: Int32Array<SharedArrayBuffer>;
  /** Of the hash that ended last. */
  readonly digest: Uint8Array<SharedArrayBuffer>;
}

/** Places in `counts`: how much work was done. */
export const countOf = { done: 0 } as const;

export type Hasher = (work: HashWork) => void;

/** Puts what has ended into `digest`. */
export function createHasher(digest: HashShared["digest"]): Hasher {
  const hashes = new Map<number, Hash>();
  return (work) => {
    if (work.kind === "begin") hashes.set(work.id, createHash(work.algorithm));
    else if (work.kind === "bytes")
      hashes.get(work.id)?.update(new Uint8Array(work.memory, work.start, work.length));
    else {
      digest.set(hashes.get(work.id)?.digest() ?? []);
      hashes.delete(work.id);
    }
  };
}

/** What `copy` tells: exactly its JSON document. */
import type { Digest } from "../registry/digest.ts";

export interface CopyItem {
  readonly source: string;
  readonly destination: string;
  /** Of what was copied, and is the same there; null when it failed before that was known. */
  readonly digest: Digest | null;
  /** The same by its digest, to pull it with; null for files. */
  readonly pull: string | null;
  /** Of blobs, that travelled; with `--dry-run` that would. */
  readonly bytesMoved: number;
  /** That were there already, or were linked there from another repository. */
  readonly bytesReused: number;
  readonly blobs: { readonly moved: number; readonly reused: number; readonly mounted: number };
  /** Indexes and those of single images, referrers included. */
  readonly manifests: number;
  /** Of these: signatures, bills of materials and so on. */
  readonly referrers: number;
  /** What stood under the tag before; null when nothing did, or nobody knows. */
  readonly replaced: Digest | null;
  /** False when everything was there already. */
  readonly changed: boolean;
  /** Layers that the source does not hold either: their publisher gives them away himself. */
  readonly leftOut: readonly Digest[];
  readonly seconds: number;
  readonly error?: { readonly code: string; readonly message: string; readonly remedies: readonly string[] };
}

export interface CopyOutcome {
  /** Present when one of several failed. */
  readonly ok?: false;
  readonly dryRun: boolean;
  readonly items: readonly CopyItem[];
}

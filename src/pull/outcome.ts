/** What `pull` tells: exactly its JSON document. */
import type { Digest } from "../registry/digest.ts";
import type { Way } from "./choose-way.ts";

export interface PullItem {
  /** In full, as it was meant. */
  readonly reference: string;
  /** Of the manifest or index that the reference leads to; null when that was not found out. */
  readonly digest: Digest | null;
  /** As the engine calls the image; null for files. */
  readonly imageId: string | null;
  readonly via: Way | "file" | null;
  /** Why this way: a sentence without its full stop; null where there was no choice. */
  readonly why: string | null;
  /** `linux/amd64`; null for all, and where nobody tells. */
  readonly platform: string | null;
  /** Under which the engine has it now. */
  readonly names: readonly string[];
  /** With `--output`: what was written. */
  readonly output: string | null;
  /** Of layers as the registry keeps them, that travelled. */
  readonly bytesReceived: number;
  /** That were there already; null where the engine pulled and does not say. */
  readonly bytesReused: number | null;
  readonly layers: { readonly received: number; readonly reused: number };
  /** False when the engine had all of it already, under these names. */
  readonly changed: boolean;
  /** The engine knows the image by its digest, as NAME@DIGEST. */
  readonly digestKnown: boolean;
  readonly seconds: number;
  readonly error?: { readonly code: string; readonly message: string; readonly remedies: readonly string[] };
}

export interface PullOutcome {
  /** Present when one of several failed. */
  readonly ok?: false;
  readonly items: readonly PullItem[];
}

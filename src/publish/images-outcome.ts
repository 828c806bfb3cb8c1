/** What `images` tells: exactly its JSON document. */
import type { Digest } from "../registry/digest.ts";

/**
 * What the default registry has under the same name and tag. `yes`: this very image. `older`: another one. `no`:
 * nothing. `unknown`: it could not be asked, or there is no default registry.
 */
export type Published = "yes" | "older" | "no" | "unknown";

export interface ImageItem {
  /** As the engine writes it; null for an image that has lost its name. */
  readonly repository: string | null;
  readonly tag: string | null;
  /** `sha256:…`. */
  readonly id: string;
  /** RFC 3339, UTC; null when nobody told. */
  readonly created: string | null;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly published: Published;
  /** What was compared with; null where nothing was, or nothing is. */
  readonly there: There | null;
}

export interface There {
  /** In full. */
  readonly reference: string;
  readonly digest: Digest;
  /** Of another image, when it was made; null when nobody tells. */
  readonly created: string | null;
}

export interface ImagesOutcome {
  /** The registry that was asked; null when none is the default. */
  readonly registry: string | null;
  readonly items: readonly ImageItem[];
}

export const imageOrders = ["created", "name", "size"] as const;
export type ImageOrder = (typeof imageOrders)[number];

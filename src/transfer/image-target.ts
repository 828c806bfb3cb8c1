/** Where images go, as copying needs it: a repository, or a file. */
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import type { BlobFeed } from "./feed.ts";
import type { Place } from "./image-source.ts";

export interface MovedBlob {
  readonly how: "moved" | "mounted";
  /** Bytes that travelled for it in this run. */
  readonly bytes: number;
}

export interface TreeManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly descriptor: Descriptor;
}

export interface ImageTarget {
  readonly name: string;
  readonly place: Place | null;
  /** What stands under a tag, name or digest; null when nothing does. */
  manifestAt(key: string): Promise<Digest | null>;
  hasBlob(blob: Descriptor): Promise<boolean>;
  /** Verified when it resolves. Throws DIGEST_MISMATCH. */
  moveBlob(blob: Descriptor, open: () => BlobFeed): Promise<MovedBlob>;
  /** By its digest. `subject`: the target keeps the list of what refers to that one itself. */
  putManifest(manifest: TreeManifest): Promise<{ readonly subject: Digest | null }>;
  /** Makes a manifest that is there findable by a name; null for none but its digest. */
  putTag(manifest: TreeManifest, name: string | null): Promise<void>;
  /** For targets that keep no list of their own: joins the list that clients keep. */
  addReferrers(subject: Digest, descriptors: readonly Descriptor[]): Promise<void>;
  /** Everything that was put is there for readers. */
  commit(): Promise<void>;
  close(): Promise<void>;
}

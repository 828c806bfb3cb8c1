/**
 * Images in files: OCI layouts, and archives of images. One shape to read from and one to write to, whatever the
 * file is; each kind has its own file here that makes them.
 */
import type { Readable } from "node:stream";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";

export type ImageFileKind = "oci" | "oci-archive" | "docker-archive";

export interface ImageEntry {
  /** Of a manifest or index. For a docker-archive: of the manifest that is made of its entry. */
  readonly descriptor: Descriptor;
  /**
   * The first is its name: the layout's ref name, or the archive's REPOSITORY:TAG; empty when it has none. What
   * follows are other spellings. An image of several names has an entry for each.
   */
  readonly names: readonly string[];
}

export interface ImageReader {
  readonly kind: ImageFileKind;
  /** As shown: `oci:DIR`, `oci-archive:FILE`. */
  readonly name: string;
  readonly entries: readonly ImageEntry[];
  /** Verified. Throws NOT_FOUND, CONTENT_BROKEN, DIGEST_MISMATCH. */
  readManifest(digest: Digest): Promise<Buffer>;
  /** Bytes, or null when it is not there. */
  blobSize(digest: Digest): Promise<number | null>;
  /** From byte `start` on. Not verified. Throws NOT_FOUND. To be read to its end or destroyed. */
  openBlob(digest: Digest, start?: number): Promise<Readable>;
  close(): Promise<void>;
}

/** A blob on its way in: bytes are written behind those that are there, and it counts once it is finished. */
export interface BlobWriter {
  /** Bytes that an interrupted run left, verified again here by reading them: writing goes on behind them. */
  readonly offset: number;
  /** Resolves when more may come. Throws DIGEST_MISMATCH as soon as there are too many bytes. */
  write(chunk: Uint8Array): Promise<void>;
  /** Verifies the digest, makes it durable and puts it into its place. Throws DIGEST_MISMATCH, and what came is gone. */
  finish(): Promise<void>;
  /** Keeps what came for another run where the kind of file can (a layout), else drops it. */
  abort(): Promise<void>;
}

export interface ImageWriter {
  readonly kind: ImageFileKind;
  readonly name: string;
  /** Bytes, or null when it is not there. */
  blobSize(digest: Digest): Promise<number | null>;
  /** Archives take one blob at a time: others wait. */
  openBlob(digest: Digest, size: number): Promise<BlobWriter>;
  /** Small content that is held in memory, verified. */
  putBytes(digest: Digest, bytes: Buffer): Promise<void>;
  /**
   * Makes a stored manifest or index an entry, in place of one of the same name. `name` null: an entry without a
   * name. For a docker-archive it must be the manifest of one image.
   */
  addEntry(descriptor: Descriptor, name: string | null): Promise<void>;
  /** Index written, archive ended, all durable and in its place. */
  commit(): Promise<void>;
  /** Without `commit`: nothing is changed for readers. Idempotent, and does nothing after `commit`. */
  close(): Promise<void>;
}

/** Where images come from, as copying needs it: a repository, or a file. */
import type { Readable } from "node:stream";
import type { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";

export interface ReadManifest {
  readonly bytes: Buffer;
  /** As it came; may be empty or wrong: `parseManifest` judges. */
  readonly contentType: string;
  readonly digest: Digest;
}

export interface ReadRoot extends ReadManifest {
  /** What a file calls it, where nothing was asked for. */
  readonly name?: string | undefined;
}

export interface OpenedBlob {
  /** Not verified. */
  readonly stream: Readable;
  /** Where it begins: before the place that was asked for where ranges are not heeded. */
  readonly start: number;
  /** Of the whole blob, in bytes; null when nobody says. */
  readonly size: number | null;
}

/** One repository of one registry. */
export interface Place {
  readonly registry: string;
  readonly repository: string;
}

export interface ImageSource {
  /** `reg.example:5000/app`, `oci:DIR`. */
  readonly name: string;
  /** Null for files. */
  readonly place: Place | null;
  /** `key` is a tag, a name or a digest; null the only image there is. Throws NOT_FOUND, USAGE. */
  readRoot(key: string | null): Promise<ReadRoot>;
  /** Verified. Throws NOT_FOUND, DIGEST_MISMATCH. */
  readManifest(descriptor: Descriptor): Promise<ReadManifest>;
  blobSize(digest: Digest): Promise<number | null>;
  /** `end` is the byte behind the last one that is wanted; the source may give more. */
  openBlob(digest: Digest, start: number, end?: number): Promise<OpenedBlob>;
  /** What is told of a blob whose bytes stay broken off. */
  broken(error: unknown): RegctlError;
  /** Several requests for one blob at once may be faster than one. */
  readonly ranges: boolean;
  /** What says something about a manifest. */
  referrers(digest: Digest): Promise<readonly Descriptor[]>;
  /** All tags, or names, in their order. */
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
}

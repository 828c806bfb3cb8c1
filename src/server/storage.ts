/**
 * What the registry keeps, behind one narrow door with two implementations: memory (tests, examples) and disk. Both
 * pass `test/server/storage.contract.ts`. Names of repositories, tags and digests are valid here: the core has judged
 * them. What an implementation promises: an operation that has resolved survives a power cut; one that was cut off has
 * happened wholly or not at all. An upload keeps what arrived; until it is finished a power cut may lose it.
 */
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";

/** Positional reads of one blob; the caller closes it. It stays readable when the blob is deleted meanwhile. */
export interface BlobReader {
  /** Bytes. */
  readonly size: number;
  /** Returns how many bytes were put into `target`; 0 at the end. */
  read(target: Buffer, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface StoredManifest {
  readonly bytes: Buffer;
  /** As it was pushed. */
  readonly mediaType: string;
  readonly digest: Digest;
}

/** A manifest on its way in, judged and taken apart by the core. */
export interface NewManifest extends StoredManifest {
  /** Tags that point to it from then on, all at once. */
  readonly tags: readonly string[];
  /** The manifest that this one says something about, which need not be there. */
  readonly subject: Digest | null;
  /** As the list of referrers shows it: of the manifest, or its config's media type. */
  readonly artifactType: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface UploadState {
  /** Not to be guessed. */
  readonly id: string;
  /** Bytes that are there. */
  readonly size: number;
}

export interface PageRequest {
  /** Begins behind this entry, which need not exist. */
  readonly after?: string | undefined;
  /** At most so many entries. */
  readonly limit: number;
}

export interface StoragePage {
  /** In the order of their bytes. */
  readonly entries: readonly string[];
  readonly more: boolean;
}

/** What failed for a reason that is the machine's: told to the client as 507 (`full`), 500 or 503. */
export type StorageProblem = "full" | "read-only" | "damaged" | "failed" | "too-large";

export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
  readonly problem: StorageProblem;

  constructor(problem: StorageProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.problem = problem;
  }
}

/** Every method may throw StorageFailure. */
export interface Storage {
  /** Repositories that hold a manifest (tagged or not), in order. */
  repositories(page: PageRequest): Promise<StoragePage>;
  /** Those whose name holds `term` (lower case), or all for an empty one: what `docker search` asks. */
  searchRepositories(
    term: string,
    limit: number,
  ): Promise<{ readonly names: readonly string[]; readonly total: number }>;

  /** Null when this repository does not hold it, whatever others do, or when it is damaged: so clients push it again. */
  blobSize(repository: string, digest: Digest): Promise<number | null>;
  openBlob(repository: string, digest: Digest): Promise<BlobReader | null>;
  /** Makes a blob that is stored already part of this repository; `from` null takes it from any. False: not there. */
  linkBlob(repository: string, digest: Digest, from: string | null): Promise<boolean>;
  /** Takes it from this repository alone. False: not there. */
  unlinkBlob(repository: string, digest: Digest): Promise<boolean>;

  startUpload(repository: string): Promise<UploadState>;
  findUpload(repository: string, id: string): Promise<UploadState | null>;
  /**
   * Appends the body at `offset`, which must be the upload's size, else nothing is read and the result is `moved`.
   * One writer at a time: a second one gets `busy`. When the body breaks off, what arrived stays and the error of the
   * body is rethrown. A body beyond `most` bytes of upload throws `too-large`, and the upload is as it was before.
   */
  appendUpload(
    repository: string,
    id: string,
    offset: number,
    body: AsyncIterable<Buffer>,
    most: number,
  ): Promise<UploadState | "unknown" | "moved" | "busy">;
  /** Makes it a blob of this repository when its bytes have that digest; `mismatch` keeps the upload as it is. */
  finishUpload(
    repository: string,
    id: string,
    digest: Digest,
  ): Promise<"stored" | "mismatch" | "unknown" | "busy">;
  /** False: not there. */
  cancelUpload(repository: string, id: string): Promise<boolean>;

  /** `key` is a tag or a digest. */
  getManifest(repository: string, key: string): Promise<StoredManifest | null>;
  putManifest(repository: string, manifest: NewManifest): Promise<void>;
  /** The tag alone. False: not there. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
  /** The manifest with every tag that points to it. False: not there. */
  deleteManifest(repository: string, digest: Digest): Promise<boolean>;
  /** Null when there is no such repository. */
  tags(repository: string, page: PageRequest): Promise<StoragePage | null>;
  /** Manifests whose subject this is, in order of their digests; with `artifactType` and annotations. */
  referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]>;

  /** Ends background work and frees the storage for another server. */
  close(): Promise<void>;
}

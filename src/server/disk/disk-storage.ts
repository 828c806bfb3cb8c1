/** A storage on files, as those see it who run a server with it. */

import type { Clock, Emit } from "../../ports.ts";
import type { Digest } from "../../registry/digest.ts";
import type { Storage } from "../storage.ts";
import type { DamagedBlob } from "./damage.ts";
import type { HoldFolder, StoreFiles } from "./files.ts";
import type { DiskParts } from "./parts.ts";

export interface StorageStatistics {
  readonly repositories: number;
  readonly blobs: number;
  /** Of the blobs, each counted once. */
  readonly bytes: number;
}

export interface DiskStorage extends Storage {
  /** Absolute, as it was given. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Counts the blobs when it is asked for the first time: after the server listens. */
  statistics(): Promise<StorageStatistics>;
  /** What is known to be damaged; none of it is served. */
  damaged(): readonly DamagedBlob[];
  /** Removes uploads that nobody has written to for so long. Resolves to how many. */
  expireUploads(olderThanMs: number): Promise<number>;
  /** For `collectGarbage` and `verifyStorage`. */
  readonly parts: DiskParts;
  /** Aborted when it is closed. */
  readonly signal: AbortSignal;
}

export interface DiskOptions {
  readonly files: StoreFiles;
  readonly holdFolder: HoldFolder;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Changes nothing and takes no lock: for a folder that cannot be written to, or that a server has. */
  readonly readOnly?: boolean | undefined;
  /** What nobody refers to stays for so long after it was last written, linked or asked for. 1 hour unless said. */
  readonly graceMs?: number | undefined;
  /** Removes old uploads at once, and collects garbage every so often. */
  readonly housekeeping?: boolean | undefined;
}

export interface GarbageOptions {
  readonly dryRun?: boolean | undefined;
  /** Also manifests that no tag, index or subject keeps. */
  readonly untagged?: boolean | undefined;
  /** Instead of the storage's own. */
  readonly graceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The document of `serve gc`; with `dryRun`, what would be removed. */
export interface GarbageReport {
  /** Blobs whose last name went. */
  readonly removed: number;
  readonly bytes: number;
}

export interface StorageDamage {
  /** Null when it is no blob that is damaged, but a repository's list. */
  readonly digest: Digest | null;
  /** Those that hold it. */
  readonly repositories: readonly string[];
  readonly problem: string;
}

/** The document of `serve verify`. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly blobs: number;
  readonly damaged: readonly StorageDamage[];
}

/** The storage of a server that people run, and what is done with it beside serving. */
import { RegctlError } from "../errors.ts";
import type { Clock, Emit } from "../ports.ts";
import type { DiskStorage, GarbageReport, VerifyReport } from "./disk/disk-storage.ts";
import type { HoldFolder, StoreFiles } from "./disk/files.ts";
import { StorageFailure } from "./storage.ts";

export type { GarbageReport, VerifyReport };

export interface GcOptions {
  readonly dryRun: boolean;
  /** Also manifests that neither a tag nor another manifest names. */
  readonly untagged: boolean;
}

export interface StorageWorld {
  readonly clock: Clock;
  readonly emit: Emit;
  storeFiles(): Promise<StoreFiles>;
  holdFolder(): Promise<HoldFolder>;
}

/**
 * `path` is absolute. `serving`: old uploads and garbage are removed by themselves from time to time.
 * @throws RegctlError STORAGE_LOCKED, STORAGE_FAILED, and NOT_FOUND unless it is to serve
 */
export async function openKeptStorage(
  path: string,
  { serving }: { readonly serving: boolean },
  { clock, emit, storeFiles, holdFolder }: StorageWorld,
): Promise<DiskStorage> {
  const [{ openDiskStorage }, files, hold] = await Promise.all([
    import("./disk/open.ts"),
    storeFiles(),
    holdFolder(),
  ]);
  // Who looks after a storage means one that is there: a slip of the pen must not make one, and call it whole.
  if (!serving && !files.has(path)) {
    throw new RegctlError("NOT_FOUND", { what: path, reason: "there is no storage of a registry" });
  }
  return await openDiskStorage(path, { files, holdFolder: hold, clock, emit, housekeeping: serving });
}

export async function collectGarbage(
  storage: DiskStorage,
  options: GcOptions,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<GarbageReport> {
  const { collectGarbage: collect } = await import("./disk/gc.ts");
  emit({ event: "step", host: storage.path, step: "looking for what no image needs" });
  return await withProblem(storage.path, () => collect(storage, { ...options, signal }));
}

export async function verifyStorage(
  storage: DiskStorage,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<VerifyReport> {
  const { verifyStorage: verify } = await import("./disk/verify.ts");
  emit({ event: "step", host: storage.path, step: "reading everything that is stored" });
  return await withProblem(storage.path, () => verify(storage, { signal }));
}

async function withProblem<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error;
    throw new RegctlError("STORAGE_FAILED", { path, problem: error.message }, { cause: error });
  }
}

/** Opens a folder as a storage: docs/storage.md says what lies where, and why nothing in it is ever half written. */
import { isRegctlError, RegctlError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import type { Storage } from "../storage.ts";
import { StorageFailure } from "../storage.ts";
import { createBlobs } from "./blobs.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import { createContentCache } from "./content.ts";
import { openDamage } from "./damage.ts";
import type { DiskOptions, DiskStorage } from "./disk-storage.ts";
import { createDurable } from "./durable.ts";
import { type JudgedFiles, judgeFiles, refuseWrites } from "./failure.ts";
import type { FolderHold, StoreFiles } from "./files.ts";
import { checkFormat, makeRoot, prepareFolders } from "./format.ts";
import { keepHouse } from "./housekeeping.ts";
import { createTurns } from "./in-turn.ts";
import { createIndexes } from "./indexes.ts";
import { createManifests } from "./manifests.ts";
import { createActivity, type DiskParts } from "./parts.ts";
import { repositoryOf, type StorePaths, storePaths } from "./paths.ts";
import { createTally } from "./tally.ts";
import { createUploads } from "./uploads.ts";

const usualGraceMs = 60 * 60 * 1000;

/** `path` is absolute. Throws STORAGE_LOCKED, STORAGE_FAILED. */
export async function openDiskStorage(path: string, options: DiskOptions): Promise<DiskStorage> {
  const { readOnly = false } = options;
  const root = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const judged = judgeFiles(readOnly ? refuseWrites(options.files) : options.files);
  let hold: FolderHold | null = null;
  try {
    if (!readOnly) hold = await takeFolder(root, judged.files, options);
    return await openHeld(root, judged, hold, options);
  } catch (error) {
    await hold?.release();
    if (isRegctlError(error)) throw error;
    throw new RegctlError("STORAGE_FAILED", { path, problem: problemOf(error) }, { cause: error });
  }
}

function problemOf(error: unknown): string {
  const cause = error instanceof StorageFailure && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

async function takeFolder(root: string, files: StoreFiles, { holdFolder }: DiskOptions): Promise<FolderHold> {
  await makeRoot(files, root);
  const held = await holdFolder(root);
  if ("release" in held) return held;
  throw new RegctlError("STORAGE_LOCKED", { path: root, by: held.heldBy });
}

async function openHeld(
  root: string,
  judged: JudgedFiles,
  hold: FolderHold | null,
  options: DiskOptions,
): Promise<DiskStorage> {
  const { files } = judged;
  const paths = storePaths(root);
  const state = await checkFormat(files, paths);
  if (hold === null && state === "new") {
    throw new RegctlError("STORAGE_FAILED", { path: root, problem: "there is no registry of regctl" });
  }
  const parts = await createParts(files, paths, options, hold === null ? null : state);
  const stop = new AbortController();
  const storage = assemble(parts, stop.signal, hold === null);
  const house = options.housekeeping && hold !== null ? keepHouse(storage) : Promise.resolve();
  return {
    ...storage,
    close: async () => {
      stop.abort();
      await house;
      await judged.close();
      await hold?.release();
    },
  };
}

async function createParts(
  files: StoreFiles,
  paths: StorePaths,
  { clock, emit, graceMs = usualGraceMs }: DiskOptions,
  state: "there" | "new" | null,
): Promise<DiskParts> {
  const durable = createDurable(files, paths);
  if (state !== null) await prepareFolders(files, paths, durable, state);
  const catalog = await readCatalog(files, paths, clock);
  return {
    files,
    paths,
    clock,
    emit,
    durable,
    catalog,
    indexes: createIndexes({ files, paths, durable, catalog }),
    content: createContentCache(),
    damage: await openDamage({ files, paths, durable, clock, emit }),
    turns: createTurns(),
    activity: createActivity(),
    tally: createTally(files, paths),
    graceMs,
  };
}

/** So long the program does nothing else at a time, in milliseconds. */
const sliceMs = 10;

/** A folder with an `index.json` is a repository; its list is read when somebody asks for it. */
async function readCatalog(files: StoreFiles, paths: StorePaths, clock: Clock): Promise<Catalog> {
  const names: string[] = [];
  let since = clock.now().getTime();
  for (const folder of await files.list(paths.repositories)) {
    const name = repositoryOf(folder);
    // Thousands of names: asking one by one off this thread takes five times as long.
    if (files.has(paths.index(name))) names.push(name);
    if (clock.now().getTime() - since < sliceMs) continue;
    await clock.sleep(0);
    since = clock.now().getTime();
  }
  return createCatalog(names);
}

function assemble(parts: DiskParts, signal: AbortSignal, readOnly: boolean): DiskStorage {
  const { catalog, damage, tally, paths } = parts;
  const { expire, ...uploads } = createUploads(parts);
  const storage: Storage = {
    repositories: async (page) => catalog.page(page),
    searchRepositories: async (term, limit) => catalog.search(term, limit),
    ...createBlobs(parts),
    ...uploads,
    ...createManifests(parts),
    close: async () => {},
  };
  return {
    ...storage,
    path: paths.root,
    readOnly,
    statistics: async () => ({ repositories: catalog.size, ...(await tally.count()) }),
    damaged: () => damage.list(),
    expireUploads: expire,
    parts,
    signal,
  };
}

/**
 * The `index.json` of every repository: read when it is wanted, kept while there is room, and written so that all who
 * wait at the same moment share one write.
 */
import type { Digest } from "../../registry/digest.ts";
import { StorageFailure } from "../storage.ts";
import type { Catalog } from "./catalog.ts";
import type { Durable } from "./durable.ts";
import type { StoreFiles } from "./files.ts";
import { emptyIndex, parseIndex, type RepositoryIndex, renderIndex } from "./index-text.ts";
import type { StorePaths } from "./paths.ts";

/** Bytes of `index.json` whose content is kept; in memory it is some three times as much. */
const mostBytesKept = 8 * 1024 * 1024;

/** Pure: the next index, or the same one when there is nothing to change. */
export type Edit = (index: RepositoryIndex) => RepositoryIndex;

export interface Indexes {
  /** Null when there is no such repository. Throws StorageFailure `damaged`. */
  read(repository: string): Promise<RepositoryIndex | null>;
  /** The same, without keeping what was not kept: for a walk through all of them. */
  look(repository: string): Promise<RepositoryIndex | null>;
  /** Resolves when it is durable. An index without manifests is no repository any more. */
  change(repository: string, edit: Edit): Promise<void>;
  /** It is about to be deleted. */
  isLeaving(repository: string, digest: Digest): boolean;
}

export interface IndexWorld {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
  readonly durable: Durable;
  readonly catalog: Catalog;
}

interface Loaded {
  readonly index: RepositoryIndex;
  readonly bytes: number;
}

interface Waiting {
  readonly edit: Edit;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export function createIndexes(world: IndexWorld): Indexes {
  const kept = createKept();
  const loading = new Map<string, Promise<Loaded | null>>();
  const queues = new Map<string, Waiting[]>();
  const coming = new Map<string, RepositoryIndex>();

  const look = async (repository: string): Promise<RepositoryIndex | null> =>
    kept.get(repository) ?? (await (loading.get(repository) ?? load(world, repository)))?.index ?? null;

  const read = async (repository: string): Promise<RepositoryIndex | null> => {
    const known = kept.get(repository);
    if (known !== undefined) return known;
    if (!world.catalog.has(repository)) return null;
    const started = loading.get(repository) ?? load(world, repository);
    loading.set(repository, started);
    try {
      const loaded = await started;
      // A write that ended meanwhile has put something newer there.
      if (loaded !== null && loading.get(repository) === started) kept.set(repository, loaded);
      return loaded?.index ?? null;
    } finally {
      if (loading.get(repository) === started) loading.delete(repository);
    }
  };

  const commit = async (repository: string, edits: readonly Waiting[]): Promise<void> => {
    const before = (await read(repository)) ?? emptyIndex;
    const next = edits.reduce((index, { edit }) => edit(index), before);
    if (next === before) return;
    coming.set(repository, next);
    try {
      const bytes = await store(world, repository, next);
      loading.delete(repository);
      kept.set(repository, { index: next, bytes });
      if (bytes === 0) kept.delete(repository);
      world.catalog.set(repository, bytes > 0);
    } catch (error) {
      // Whether the new one got into its place is what the disk says.
      loading.delete(repository);
      kept.delete(repository);
      world.catalog.set(repository, world.files.has(world.paths.index(repository)));
      throw error;
    } finally {
      coming.delete(repository);
    }
  };

  const drain = async (repository: string, queue: Waiting[]): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0);
      try {
        await commit(repository, batch);
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    queues.delete(repository);
  };

  const change = (repository: string, edit: Edit): Promise<void> =>
    new Promise((done, failed) => {
      const queue = queues.get(repository);
      const waiting = { edit, done, failed };
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const started = [waiting];
      queues.set(repository, started);
      void drain(repository, started);
    });

  const isLeaving = (repository: string, digest: Digest): boolean =>
    coming.get(repository)?.manifests.has(digest) === false;

  return { read, look, change, isLeaving };
}

async function load({ files, paths }: IndexWorld, repository: string): Promise<Loaded | null> {
  const bytes = await files.read(paths.index(repository));
  if (bytes === null) return null;
  const index = parseIndex(bytes);
  if (typeof index !== "string") return { index, bytes: bytes.length };
  throw new StorageFailure("damaged", `the index.json of ${repository} ${index}`);
}

/** Bytes written; 0 when the repository has ended. */
async function store(world: IndexWorld, repository: string, index: RepositoryIndex): Promise<number> {
  const { files, paths, durable } = world;
  if (index.manifests.size === 0) {
    await files.remove(paths.index(repository));
    await durable.syncFolder(paths.repository(repository));
    return 0;
  }
  const bytes = renderIndex(index);
  await durable.replace(paths.index(repository), paths.repository(repository), bytes);
  return bytes.length;
}

/** What was used last stays; one that is larger than all the room stays alone. */
function createKept() {
  const kept = new Map<string, Loaded>();
  let bytesInAll = 0;
  const remove = (repository: string): void => {
    bytesInAll -= kept.get(repository)?.bytes ?? 0;
    kept.delete(repository);
  };
  return {
    get: (repository: string): RepositoryIndex | undefined => {
      const found = kept.get(repository);
      if (found === undefined) return undefined;
      kept.delete(repository);
      kept.set(repository, found);
      return found.index;
    },
    set: (repository: string, loaded: Loaded): void => {
      remove(repository);
      kept.set(repository, loaded);
      bytesInAll += loaded.bytes;
      for (const oldest of kept.keys()) {
        if (bytesInAll <= mostBytesKept || kept.size === 1) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}

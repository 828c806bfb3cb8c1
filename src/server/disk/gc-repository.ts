/** Garbage of one repository: manifests that nothing keeps, names of blobs that no manifest needs, an empty folder. */
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { StorageFailure } from "../storage.ts";
import { linkInTurn } from "./blobs.ts";
import { isContentOf } from "./content.ts";
import { emptyIndex, type RepositoryIndex, withoutManifests } from "./index-text.ts";
import { digestsIn, findUnkept } from "./references.ts";
import { isForgotten, type Sweep } from "./sweep.ts";

type Named = ReadonlyMap<Digest, ReadonlySet<Digest>>;

/** A repository of which anything cannot be read is left as it is. */
export async function sweepRepository(sweep: Sweep, repository: string): Promise<void> {
  const { parts } = sweep;
  try {
    const before = (await parts.indexes.look(repository)) ?? emptyIndex;
    const blobs = await listBlobs(sweep, repository);
    if (!sweep.dryRun) await bringBack(sweep, repository, before, new Set(blobs));
    if (!sweep.untagged && blobs.every((digest) => before.manifests.has(digest))) return;
    const named = await readNamed(sweep, repository, before);
    const index = sweep.untagged ? await dropUnkept(sweep, repository, before, named) : before;
    const needed = new Set(index.manifests.keys());
    for (const digest of index.manifests.keys())
      for (const inner of named.get(digest) ?? []) needed.add(inner);
    for (const digest of blobs) {
      sweep.stopIfAborted();
      if (!needed.has(digest)) await takeName(sweep, repository, digest);
    }
    if (!sweep.dryRun && index.manifests.size === 0) await removeEmptyFolder(sweep, repository);
  } catch (error) {
    if (!(error instanceof StorageFailure) || error.problem === "read-only") throw error;
    const warning = `the garbage of ${repository} stays where it is: ${error.message}`;
    parts.emit({ event: "warning", warning });
  }
}

async function listBlobs({ parts: { files, paths } }: Sweep, repository: string): Promise<readonly Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of await files.list(paths.repositoryBlobs(repository))) {
    for (const name of await files.list(paths.repositoryBlobFolder(repository, algorithm))) {
      const digest = parseDigest(`${algorithm}:${name}`);
      if (digest !== null) found.push(digest);
    }
  }
  return found;
}

/** A manifest whose name was lost here and whose bytes the store still has: it is no garbage. */
async function bringBack(
  { parts }: Sweep,
  repository: string,
  index: RepositoryIndex,
  blobs: ReadonlySet<Digest>,
): Promise<void> {
  for (const digest of index.manifests.keys()) {
    if (!blobs.has(digest) && (await parts.indexes.look(repository))?.manifests.has(digest)) {
      await linkInTurn(parts, repository, digest, null);
    }
  }
}

/** What each manifest of the repository names. Throws when one is not whole: what it names is not known then. */
async function readNamed(
  { parts: { files, paths }, stopIfAborted }: Sweep,
  repository: string,
  index: RepositoryIndex,
): Promise<Named> {
  const named = new Map<Digest, ReadonlySet<Digest>>();
  for (const digest of index.manifests.keys()) {
    stopIfAborted();
    const bytes = await files.read(paths.repositoryBlob(repository, digest));
    if (bytes === null || !isContentOf(digest, bytes)) {
      throw new StorageFailure("damaged", `its manifest ${digest} is missing or damaged`);
    }
    // What is no JSON names nothing.
    named.set(digest, digestsIn(bytes) ?? new Set());
  }
  return named;
}

/** The index without them. */
async function dropUnkept(
  sweep: Sweep,
  repository: string,
  before: RepositoryIndex,
  named: Named,
): Promise<RepositoryIndex> {
  const { parts, dryRun } = sweep;
  const old = await onlyForgotten(sweep, repository, findUnkept(before, named));
  if (old.size === 0) return before;
  const drop = (index: RepositoryIndex): RepositoryIndex => {
    // What was pushed meanwhile may name what seemed forgotten: the next run decides.
    if (!isSame(index, before)) return index;
    return withoutManifests(index, new Set([...old].filter((digest) => !parts.activity.isActive(digest))));
  };
  if (dryRun) return drop(before);
  let after = before;
  await parts.indexes.change(repository, (index) => {
    after = drop(index);
    return after;
  });
  return after;
}

function isSame(one: RepositoryIndex, other: RepositoryIndex): boolean {
  if (one.manifests.size !== other.manifests.size || one.tags.size !== other.tags.size) return false;
  for (const digest of one.manifests.keys()) if (!other.manifests.has(digest)) return false;
  for (const [tag, digest] of one.tags) if (other.tags.get(tag) !== digest) return false;
  return true;
}

async function onlyForgotten(
  sweep: Sweep,
  repository: string,
  digests: ReadonlySet<Digest>,
): Promise<ReadonlySet<Digest>> {
  const { files, paths } = sweep.parts;
  const old = new Set<Digest>();
  for (const digest of digests) {
    const found = await files.stat(paths.repositoryBlob(repository, digest));
    if (found !== null && isForgotten(sweep, digest, found.modifiedMs)) old.add(digest);
  }
  return old;
}

async function takeName(sweep: Sweep, repository: string, digest: Digest): Promise<void> {
  const { parts, dryRun, unnamed } = sweep;
  const { files, paths, turns } = parts;
  const path = paths.repositoryBlob(repository, digest);
  await turns.run(digest, async () => {
    const found = await files.stat(path);
    if (found === null || !isForgotten(sweep, digest, found.modifiedMs)) return;
    if (dryRun) unnamed.set(digest, (unnamed.get(digest) ?? 0) + 1);
    else await files.remove(path);
  });
}

/** Whoever pushes into it at the same moment makes it again. */
async function removeEmptyFolder({ parts }: Sweep, repository: string): Promise<void> {
  const { files, paths, turns } = parts;
  await turns.run(`repository ${repository}`, async () => {
    if (files.has(paths.index(repository))) return;
    const blobs = paths.repositoryBlobs(repository);
    for (const algorithm of await files.list(blobs)) {
      if (!(await files.removeFolder(`${blobs}/${algorithm}`))) return;
    }
    if (!(await files.removeFolder(blobs))) return;
    await files.remove(paths.layout(repository));
    await files.removeFolder(paths.repository(repository));
  });
}

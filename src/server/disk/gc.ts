/**
 * Garbage: blobs of a repository that no manifest of it names lose their name there, and blobs of the store that are
 * left with no other name go. Everything is one small step after the other; each looks again, in turn with whoever
 * pushes, before it takes a name away. Killed between any two steps, the next run goes on.
 */
import { type Digest, parseDigest } from "../../registry/digest.ts";
import { StorageFailure } from "../storage.ts";
import type { DiskStorage, GarbageOptions, GarbageReport } from "./disk-storage.ts";
import { sweepRepository } from "./gc-repository.ts";
import { repositoryOf } from "./paths.ts";
import { isForgotten, type Sweep } from "./sweep.ts";

/** One at a time in a storage: a second one waits for the first. */
export async function collectGarbage(
  storage: DiskStorage,
  options: GarbageOptions = {},
): Promise<GarbageReport> {
  const { parts } = storage;
  const { dryRun = false, untagged = false, graceMs = parts.graceMs, signal } = options;
  if (storage.readOnly && !dryRun) {
    throw new StorageFailure("read-only", "the storage is open for reading only");
  }
  const stopIfAborted = () => {
    signal?.throwIfAborted();
    storage.signal.throwIfAborted();
  };
  const sweep: Sweep = { parts, dryRun, untagged, graceMs, unnamed: new Map(), stopIfAborted };
  return await parts.turns.run("garbage", () => parts.activity.watch(() => sweepAll(sweep)));
}

async function sweepAll(sweep: Sweep): Promise<GarbageReport> {
  const { files, paths } = sweep.parts;
  for (const folder of await files.list(paths.repositories)) {
    sweep.stopIfAborted();
    await sweepRepository(sweep, repositoryOf(folder));
  }
  const report = { removed: 0, bytes: 0 };
  for (const algorithm of await files.list(paths.blobs)) {
    for (const name of await files.list(paths.blobFolder(algorithm))) {
      sweep.stopIfAborted();
      const digest = parseDigest(`${algorithm}:${name}`);
      const bytes = digest === null ? null : await sweepBlob(sweep, digest);
      if (bytes === null) continue;
      report.removed += 1;
      report.bytes += bytes;
    }
  }
  return report;
}

/** Bytes that went, or null when it stays. */
async function sweepBlob(sweep: Sweep, digest: Digest): Promise<number | null> {
  const { parts, dryRun, unnamed } = sweep;
  const { files, paths, turns, damage, content, tally } = parts;
  const path = paths.blob(digest);
  const links = async () => {
    const found = await files.stat(path);
    if (found === null || found.links - (unnamed.get(digest) ?? 0) > 1) return null;
    return isForgotten(sweep, digest, found.modifiedMs) ? found : null;
  };
  // Most blobs stay: only who seems to go is looked at in turn.
  if ((await links()) === null) return null;
  return await turns.run(digest, async () => {
    const found = await links();
    if (found === null) return null;
    if (dryRun) return found.size;
    if (!(await files.remove(path))) return null;
    content.delete(digest);
    tally.add(-1, found.size);
    await damage.clear(digest);
    return found.size;
  });
}

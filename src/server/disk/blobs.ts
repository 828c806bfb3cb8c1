/**
 * Blobs: one file each in the shared store, and one more name (a hard link) in every repository that holds it. Who
 * gives a blob a name or takes one away does so in turn, so that garbage collection never comes between.
 */
import { algorithmOf, type Digest } from "../../registry/digest.ts";
import type { BlobReader, Storage } from "../storage.ts";
import { isContentOf } from "./content.ts";
import { damaged } from "./damage.ts";
import { codeOf } from "./failure.ts";
import type { StoreFile } from "./files.ts";
import type { DiskParts } from "./parts.ts";
import { linkIntoRepository, publish } from "./publish.ts";

/** Blobs up to here are read whole, verified whenever they are read from the disk, and kept in memory. */
const smallBytes = 64 * 1024;

type Blobs = Pick<Storage, "blobSize" | "openBlob" | "linkBlob" | "unlinkBlob">;

export function createBlobs(parts: DiskParts): Blobs {
  const { files, paths, turns, indexes } = parts;
  return {
    blobSize: (repository, digest) => blobSize(parts, repository, digest),
    openBlob: (repository, digest) => openBlob(parts, repository, digest),
    linkBlob: (repository, digest, from) => linkInTurn(parts, repository, digest, from),
    unlinkBlob: async (repository, digest) => {
      // The bytes of a manifest go with the manifest.
      if ((await indexes.read(repository))?.manifests.has(digest)) return false;
      return turns.run(digest, async () => {
        const removed = await files.remove(paths.repositoryBlob(repository, digest));
        if (removed) await parts.durable.syncFolder(folderOfBlob(parts, repository, digest));
        return removed;
      });
    },
  };
}

const folderOfBlob = ({ paths }: DiskParts, repository: string, digest: Digest): string =>
  paths.repositoryBlobFolder(repository, algorithmOf(digest));

/** A damaged blob is as good as missing for whoever wants to push it, and so is healed. */
async function blobSize(parts: DiskParts, repository: string, digest: Digest): Promise<number | null> {
  if (parts.damage.problemOf(digest) !== null) return null;
  parts.activity.used(digest);
  const found = await parts.files.stat(parts.paths.repositoryBlob(repository, digest));
  if (found === null) return null;
  if (isStale(parts, found.modifiedMs)) return await freshSize(parts, repository, digest);
  return found.size;
}

function isStale({ clock, graceMs }: DiskParts, modifiedMs: number): boolean {
  return clock.now().getTime() - modifiedMs > graceMs / 4;
}

/** Touched in turn: it has either gone before, or stays for the grace period from now on. */
export function freshSize(parts: DiskParts, repository: string, digest: Digest): Promise<number | null> {
  const { files, paths, turns, clock } = parts;
  const path = paths.repositoryBlob(repository, digest);
  return turns.run(digest, async () => {
    // A folder that cannot be written to is not collected either.
    await files.touch(path, clock.now().getTime()).catch(() => {});
    return (await files.stat(path))?.size ?? null;
  });
}

async function openBlob(parts: DiskParts, repository: string, digest: Digest): Promise<BlobReader | null> {
  const { files, paths, damage, content } = parts;
  const path = paths.repositoryBlob(repository, digest);
  const found = await files.stat(path);
  if (found === null) return null;
  const problem = damage.problemOf(digest);
  if (problem !== null) throw damaged(digest, problem);
  if (found.size <= smallBytes) {
    const bytes = content.get(digest) ?? (await readVerified(parts, path, digest));
    return bytes === null ? null : readerOfBytes(bytes);
  }
  try {
    return readerOfFile(parts, await files.open(path, "read"), found.size, digest);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Null when it is not there. Marks it and throws when it is damaged. */
export async function readVerified(parts: DiskParts, path: string, digest: Digest): Promise<Buffer | null> {
  const bytes = await parts.files.read(path);
  if (bytes === null) return null;
  if (!isContentOf(digest, bytes)) {
    const problem = `its ${bytes.length} bytes have another digest`;
    await parts.damage.mark(digest, problem);
    throw damaged(digest, problem);
  }
  parts.content.set(digest, bytes);
  return bytes;
}

function readerOfBytes(bytes: Buffer): BlobReader {
  return {
    size: bytes.length,
    read: async (target, position) => bytes.copy(target, 0, position),
    close: async () => {},
  };
}

function readerOfFile(parts: DiskParts, file: StoreFile, size: number, digest: Digest): BlobReader {
  return {
    size,
    read: async (target, position) => {
      const bytes = await file.read(target, position);
      if (bytes > 0 || target.length === 0 || position >= size) return bytes;
      const problem = `it ends at ${position} of ${size} bytes`;
      await parts.damage.mark(digest, problem);
      throw damaged(digest, problem);
    },
    close: () => file.close(),
  };
}

/** `from` null takes it from the store. False: not there. */
export function linkInTurn(
  parts: DiskParts,
  repository: string,
  digest: Digest,
  from: string | null,
): Promise<boolean> {
  parts.activity.used(digest);
  return parts.turns.run(digest, () => linkBlob(parts, repository, digest, from));
}

async function linkBlob(
  parts: DiskParts,
  repository: string,
  digest: Digest,
  from: string | null,
): Promise<boolean> {
  const { files, paths, damage, clock } = parts;
  if (damage.problemOf(digest) !== null) return false;
  const source = from === null ? paths.blob(digest) : paths.repositoryBlob(from, digest);
  try {
    await files.touch(source, clock.now().getTime());
    await linkIntoRepository(parts, source, repository, digest);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
  await parts.durable.syncFolder(folderOfBlob(parts, repository, digest));
  return true;
}

/** Makes a file a blob; the file itself keeps its name, which the caller removes. Its bytes are durable already. */
export function publishBlob(
  parts: DiskParts,
  file: { readonly path: string; readonly size: number },
  repository: string,
  digest: Digest,
): Promise<void> {
  parts.activity.used(digest);
  return parts.turns.run(digest, () => publish(parts, file, repository, digest));
}

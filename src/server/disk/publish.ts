/** A file that is complete becomes a blob: named in the store, then in the repository, then the names made durable. */
import { algorithmOf, type Digest } from "../../registry/digest.ts";
import { writeFully } from "./durable.ts";
import { codeOf } from "./failure.ts";
import type { DiskParts } from "./parts.ts";
import { repositoryOf } from "./paths.ts";

export interface CompleteFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export async function publish(
  parts: DiskParts,
  file: CompleteFile,
  repository: string,
  digest: Digest,
): Promise<void> {
  const { paths, durable } = parts;
  const algorithm = algorithmOf(digest);
  await putIntoStore(parts, file, digest);
  await linkIntoRepository(parts, paths.blob(digest), repository, digest);
  await joinWithStore(parts, repository, digest);
  await Promise.all([
    durable.syncFolder(paths.blobFolder(algorithm)),
    durable.syncFolder(paths.repositoryBlobFolder(repository, algorithm)),
  ]);
}

async function putIntoStore(parts: DiskParts, file: CompleteFile, digest: Digest): Promise<void> {
  const { files, paths, damage, tally, clock } = parts;
  const target = paths.blob(digest);
  await files.touch(file.path, clock.now().getTime());
  if (damage.problemOf(digest) !== null) return await heal(parts, file, digest);
  const linked = await linkOr(parts, file.path, target, async () => {
    await makeBlobFolder(parts, algorithmOf(digest));
    return await linkOr(parts, file.path, target, null);
  });
  if (linked) {
    tally.add(1, file.size);
    return;
  }
  const there = await files.stat(target);
  if (there?.size !== file.size) {
    // Marked first: what is healed in some repositories only must be found again.
    await damage.mark(digest, `it has ${there?.size ?? 0} bytes, and should have ${file.size}`);
    return await heal(parts, file, digest);
  }
  await files.touch(target, clock.now().getTime());
}

/** False when the name is taken. `missing` is what to do when a folder is not there. */
async function linkOr(
  { files }: DiskParts,
  from: string,
  to: string,
  missing: (() => Promise<boolean>) | null,
): Promise<boolean> {
  try {
    await files.link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) === "ENOENT" && missing !== null) return await missing();
    throw error;
  }
}

async function makeBlobFolder({ files, paths, durable }: DiskParts, algorithm: string): Promise<void> {
  await files.makeFolder(paths.blobFolder(algorithm));
  await durable.syncFolder(paths.blobs);
}

/** ENOENT when there is no such source. The caller makes the folder's names durable. */
export async function linkIntoRepository(
  parts: DiskParts,
  source: string,
  repository: string,
  digest: Digest,
): Promise<void> {
  const { files, paths } = parts;
  const target = paths.repositoryBlob(repository, digest);
  const retry = async (): Promise<boolean> => {
    if ((await files.stat(source)) === null) throw Object.assign(new Error(source), { code: "ENOENT" });
    await makeRepository(parts, repository, algorithmOf(digest));
    return await linkOr(parts, source, target, null);
  };
  try {
    await linkOr(parts, source, target, retry);
  } catch (error) {
    // ext4 lets a file have 65,000 names: whatever comes then shares a second copy.
    if (codeOf(error) !== "EMLINK") throw error;
    await copyOver(parts, source, source);
    await linkOr(parts, source, target, retry);
  }
}

/** A power cut may have left the repository a name of an older file: it becomes one of the store's, just verified. */
async function joinWithStore(parts: DiskParts, repository: string, digest: Digest): Promise<void> {
  const { files, paths } = parts;
  const target = paths.repositoryBlob(repository, digest);
  const [mine, stored] = await Promise.all([files.stat(target), files.stat(paths.blob(digest))]);
  if (mine?.inode !== stored?.inode) await replaceByLink(parts, paths.blob(digest), target);
}

/** An OCI image layout without an index, which is no repository yet. */
function makeRepository(parts: DiskParts, repository: string, algorithm: string): Promise<void> {
  const { files, paths, durable, turns } = parts;
  return turns.run(`repository ${repository}`, async () => {
    await files.makeFolder(paths.repository(repository));
    await files.makeFolder(paths.repositoryBlobs(repository));
    await files.makeFolder(paths.repositoryBlobFolder(repository, algorithm));
    if (!files.has(paths.layout(repository))) {
      const layout = Buffer.from('{"imageLayoutVersion":"1.0.0"}\n');
      await durable.replace(paths.layout(repository), paths.repository(repository), layout);
    }
    await durable.syncFolder(paths.repositoryBlobs(repository));
    await durable.syncFolder(paths.repository(repository));
    await durable.syncFolder(paths.repositories);
  });
}

/** A new file with the bytes of `source` takes the place of `target`. */
async function copyOver({ files, durable, paths }: DiskParts, source: string, target: string): Promise<void> {
  const temporary = paths.temporaryFile();
  const [from, to] = [await files.open(source, "read"), await files.open(temporary, "create")];
  try {
    const buffer = Buffer.allocUnsafe(256 * 1024);
    for (let position = 0; ; ) {
      const bytes = await from.read(buffer, position);
      if (bytes === 0) break;
      await writeFully(to, [buffer.subarray(0, bytes)], position);
      position += bytes;
    }
    await durable.gate.run(() => to.sync());
    await files.rename(temporary, target);
  } finally {
    await Promise.all([from.close(), to.close()]);
    await files.remove(temporary).catch(() => false);
  }
}

/** Puts whole bytes into the place of damaged ones, in the store and in every repository that holds the blob. */
async function heal(parts: DiskParts, file: CompleteFile, digest: Digest): Promise<void> {
  const { files, paths, damage, durable, content } = parts;
  const algorithm = algorithmOf(digest);
  await makeBlobFolder(parts, algorithm);
  await replaceByLink(parts, file.path, paths.blob(digest));
  await durable.syncFolder(paths.blobFolder(algorithm));
  for (const folder of await files.list(paths.repositories)) {
    const target = paths.repositoryBlob(repositoryOf(folder), digest);
    if ((await files.stat(target)) === null) continue;
    await replaceByLink(parts, paths.blob(digest), target);
    await durable.syncFolder(paths.repositoryBlobFolder(repositoryOf(folder), algorithm));
  }
  content.delete(digest);
  await damage.clear(digest);
}

async function replaceByLink({ files, paths }: DiskParts, source: string, target: string): Promise<void> {
  const temporary = paths.temporaryFile();
  await files.link(source, temporary);
  await files.rename(temporary, target);
  // Two names of one file: then rename does nothing and leaves both.
  await files.remove(temporary);
}

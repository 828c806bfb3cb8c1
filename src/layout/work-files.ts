/**
 * What an OCI layout's writer keeps beside the layout while it works: the folder `.regctl` in it. Other tools look at
 * `oci-layout`, `index.json` and `blobs` alone. A blob on its way is the file ALGORITHM-HEX.MARK, which only the
 * process of that mark writes; one that was given up is ALGORITHM-HEX.kept, and whoever renames it has it.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { algorithmOf, type Digest, encodedOf } from "../registry/digest.ts";
import { isMissing, orNull, systemCodeOf } from "./failures.ts";
import { isOwnerGone, makeOwnerMark } from "./owner-mark.ts";

export const workFolder = ".regctl";
const kept = "kept";
/** What becomes an index or a small blob: NEW.MARK. */
const newFile = "new";
/** What nobody has touched for so long is taken away. */
const staleAfterMs = 7 * 24 * 3600 * 1000;

export interface WorkFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes that an interrupted run left. */
  readonly size: number;
}

export async function makeTemporaryName(folder: string): Promise<string> {
  return join(folder, `${newFile}.${await makeOwnerMark()}`);
}

function stemOf(digest: Digest): string {
  return `${algorithmOf(digest)}-${encodedOf(digest)}`;
}

/** A file for this process alone: what an interrupted run left of that blob, or a new one. */
export async function openWorkFile(folder: string, digest: Digest): Promise<WorkFile> {
  const path = join(folder, `${stemOf(digest)}.${await makeOwnerMark()}`);
  for (const candidate of await readLeftovers(folder, digest)) {
    if (!(await claim(candidate, path))) continue;
    const handle = await open(path, "r+");
    return { path, handle, size: (await handle.stat()).size };
  }
  return { path, handle: await inWorkFolder(folder, () => open(path, "wx+")), size: 0 };
}

/** As often as one may meet somebody who takes the empty folder away. */
const mostAttempts = 20;

/** Runs what makes a file in the folder. The folder is there before it; another process may just be done with it. */
export async function inWorkFolder<T>(folder: string, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(folder, { recursive: true });
    try {
      return await action();
    } catch (error) {
      if (systemCodeOf(error) !== "ENOENT" || attempt === mostAttempts) throw error;
    }
  }
}

/** The longest first. */
async function readLeftovers(folder: string, digest: Digest): Promise<readonly string[]> {
  const found: { path: string; size: number }[] = [];
  for (const name of (await orNull(readdir(folder))) ?? []) {
    const [stem, mark = ""] = name.split(".", 2);
    if (stem !== stemOf(digest) || (mark !== kept && !(await isOwnerGone(mark)))) continue;
    const path = join(folder, name);
    const { size = 0 } = (await orNull(stat(path))) ?? {};
    found.push({ path, size });
  }
  return found.sort((one, other) => other.size - one.size).map(({ path }) => path);
}

/** Of several who try, the kernel lets one have it. */
async function claim(candidate: string, path: string): Promise<boolean> {
  try {
    await rename(candidate, path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** For another run to go on with. On disk before it is called so: a power cut must leave no holes in it. */
export async function keepWorkFile(
  folder: string,
  digest: Digest,
  { path, handle }: WorkFile,
): Promise<void> {
  await handle.sync().finally(() => handle.close());
  await rename(path, join(folder, `${stemOf(digest)}.${kept}`));
}

export async function dropWorkFile({ path, handle }: WorkFile): Promise<void> {
  await handle.close();
  await rm(path, { force: true });
}

/** Takes away what is of no use to anybody, and the folder when it is empty. */
export async function tidyWorkFolder(folder: string, now: number): Promise<void> {
  for (const name of (await orNull(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const [stem, mark = ""] = name.split(".", 2);
    const found = await orNull(stat(path));
    const stale = found !== null && now - found.mtimeMs > staleAfterMs;
    if (stale || (stem === newFile && (await isOwnerGone(mark)))) await rm(path, { force: true });
  }
  await rmdir(folder).catch(() => {});
}

/** Where an archive is written: a temporary file beside its place, which it takes over whole. */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RegctlError } from "../errors.ts";
import { syncFolder } from "./durable.ts";
import { inFile, orNull, systemCodeOf } from "./failures.ts";
import { isOwnerGone, makeOwnerMark } from "./owner-mark.ts";

export interface ArchiveTarget {
  readonly path: string;
  readonly handle: FileHandle;
  /** Durable and in its place. Throws FILE_EXISTS when somebody was quicker. */
  publish(): Promise<void>;
  drop(): Promise<void>;
}

const prefix = ".regctl-";

/** Throws FILE_EXISTS, FILE_FAILED. */
export async function openArchiveTarget(path: string, overwrite: boolean): Promise<ArchiveTarget> {
  // A link stays one, and what it leads to is replaced.
  const place = await inFile(path, async () => (await orNull(realpath(path))) ?? resolve(path));
  const old = await inFile(path, () => orNull(stat(place)));
  if (old?.isDirectory()) throw new RegctlError("FILE_FAILED", { path, problem: "it is a folder" });
  if (old !== null && !old.isFile()) {
    throw new RegctlError("FILE_FAILED", { path, problem: "it is no regular file, and cannot be replaced" });
  }
  if (old !== null && !overwrite) throw new RegctlError("FILE_EXISTS", { path });
  const folder = dirname(place);
  await inFile(path, () => removeLeftovers(folder));
  const temporary = join(
    folder,
    `${prefix}${basename(place).slice(0, 50)}-${randomUUID()}.${await makeOwnerMark()}`,
  );
  const handle = await inFile(path, () => open(temporary, "wx+"));
  try {
    if (old !== null) await inFile(path, () => keepOwnerAndMode(handle, old));
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
  return {
    path,
    handle,
    publish: () =>
      inFile(path, async () => {
        await handle.sync();
        await handle.close();
        await (overwrite ? rename(temporary, place) : putWhereNothingIs(temporary, place, path));
        await syncFolder(folder);
      }),
    drop: async () => {
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

/** Those of a process that was killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const mark = name.slice(name.lastIndexOf(".") + 1);
    if (await isOwnerGone(mark)) await rm(join(folder, name), { force: true });
  }
}

async function keepOwnerAndMode(
  file: FileHandle,
  old: { uid: number; gid: number; mode: number },
): Promise<void> {
  const own = await file.stat();
  if (own.uid !== old.uid || own.gid !== old.gid) await file.chown(old.uid, old.gid);
  await file.chmod(old.mode & 0o7777);
}

/** A rename would take the place of a file that has come meanwhile; a hard link does not. */
async function putWhereNothingIs(temporary: string, place: string, path: string): Promise<void> {
  try {
    await link(temporary, place);
    await rm(temporary);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") throw new RegctlError("FILE_EXISTS", { path }, { cause: error });
    // Some file systems know no hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    await rename(temporary, place);
  }
}

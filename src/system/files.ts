/** The user's own files on this machine: read whole, replaced whole. */
import { constants } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Files } from "../ports.ts";

const newFileMode = 0o644;
const newFolderMode = 0o700;
/** As many symlinks in a row as Linux follows. */
const mostLinks = 40;

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Where a write must land: the end of a chain of symlinks, also when that file does not exist yet. */
async function readTarget(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < mostLinks; links += 1) {
    const found = await orNull(lstat(target));
    if (found === null || !found.isSymbolicLink()) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  throw Object.assign(new Error(`too many symbolic links: ${path}`), { code: "ELOOP", path });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Gives the new file what the old one had. Who may not (only root gives files away) gets EPERM: better no write
 * than a file that has silently changed hands.
 */
async function keepOwnerAndMode(
  file: FileHandle,
  old: { uid: number; gid: number; mode: number },
): Promise<void> {
  const own = await file.stat();
  if (own.uid !== old.uid || own.gid !== old.gid) {
    await file.chown(old.uid, old.gid);
  }
  await file.chmod(old.mode & 0o7777);
}

interface WriteOptions {
  readonly mode: number;
  readonly durable: boolean;
}

async function writeBeside(
  target: string,
  content: Buffer | string,
  { mode, durable }: WriteOptions,
): Promise<string> {
  const old = await orNull(stat(target));
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${crypto.randomUUID()}`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    if (old === null) await file.chmod(mode);
    else await keepOwnerAndMode(file, old);
    if (durable) await file.sync();
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function write(path: string, content: Buffer | string, options: WriteOptions): Promise<void> {
  const target = await readTarget(path);
  await mkdir(dirname(target), { recursive: true, mode: newFolderMode });
  const temporary = await writeBeside(target, content, options);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.durable) await syncFolder(dirname(target));
}

async function append(path: string, content: string, mode: number): Promise<void> {
  const target = await readTarget(path);
  await mkdir(dirname(target), { recursive: true, mode: newFolderMode });
  const file = await open(target, "a", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function createFiles(): Files {
  return {
    read: (path) => orNull(readFile(path)),
    list: async (path) => (await orNull(readdir(path)))?.sort() ?? [],
    write: (path, content, { mode = newFileMode, durable = true } = {}) =>
      write(path, content, { mode, durable }),
    append: (path, content, options) => append(path, content, options?.mode ?? newFileMode),
    remove: (path) => rm(path, { force: true }),
  };
}

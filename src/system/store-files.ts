/** The files of a registry's storage, by descriptor: each operation is one call of the system, made off the main thread. */
import fs from "node:fs";
import {
  link as linkFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rmdir,
  unlink,
  utimes,
} from "node:fs/promises";
import { promisify } from "node:util";
import type { StoreFile, StoreFiles } from "../server/disk/files.ts";

const open = promisify(fs.open);
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = fs.constants;
const openFlags = {
  read: O_RDONLY | O_NOFOLLOW,
  create: O_RDWR | O_CREAT | O_EXCL,
  change: O_RDWR | O_NOFOLLOW,
} as const;

const fileMode = 0o600;
const folderMode = 0o700;

/** The value for an error of one of these codes; every other error is thrown. */
async function unless<T, V>(promise: Promise<T>, codes: readonly string[], value: V): Promise<T | V> {
  try {
    return await promise;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (codes.includes(code)) return value;
    throw error;
  }
}

const missing = ["ENOENT", "ENOTDIR"];

/** The count of a callback, without the object that promisify makes of it. */
function counted(start: (done: (error: NodeJS.ErrnoException | null, count: number) => void) => void) {
  return new Promise<number>((resolve, reject) => {
    start((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

function storeFile(descriptor: number): StoreFile {
  return {
    read: (target, position) =>
      counted((done) => fs.read(descriptor, target, 0, target.length, position, done)),
    write: (chunks, position) => counted((done) => fs.writev(descriptor, chunks, position, done)),
    truncate: (size) => ftruncate(descriptor, size),
    // The size of a file counts as its data: what fdatasync leaves out are times.
    sync: () => fdatasync(descriptor),
    close: () => close(descriptor),
  };
}

async function syncFolder(path: string): Promise<void> {
  const descriptor = await open(path, O_RDONLY | O_DIRECTORY);
  try {
    await fsync(descriptor);
  } finally {
    await close(descriptor);
  }
}

async function stat(path: string) {
  const found = await unless(lstat(path), missing, null);
  if (found === null) return null;
  return { size: found.size, modifiedMs: found.mtimeMs, links: found.nlink, inode: found.ino };
}

export function createStoreFiles(): StoreFiles {
  return {
    open: async (path, mode) => storeFile(await open(path, openFlags[mode], fileMode)),
    stat,
    has: (path) => fs.existsSync(path),
    read: (path) => unless(readFile(path), missing, null),
    list: (path) => unless(readdir(path), missing, []),
    makeFolder: (path) => unless(mkdir(path, { mode: folderMode }), ["EEXIST"], undefined),
    link: (from, to) => linkFile(from, to),
    rename: (from, to) => rename(from, to),
    remove: (path) =>
      unless(
        unlink(path).then(() => true),
        missing,
        false,
      ),
    removeFolder: (path) =>
      unless(
        rmdir(path).then(() => true),
        [...missing, "ENOTEMPTY", "EEXIST"],
        false,
      ),
    syncFolder,
    touch: (path, timeMs) => utimes(path, timeMs / 1000, timeMs / 1000),
  };
}

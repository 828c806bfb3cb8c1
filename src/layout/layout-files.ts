/** The files of a layout by their paths in it, whether they lie in a folder or in an archive. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { RegctlError } from "../errors.ts";
import { openArchive } from "./archive-file.ts";
import { broken, inFile, isMissing, orNull, toFileError } from "./failures.ts";
import { type OpenFile, openForReading, readPart, streamPart } from "./file-part.ts";
import { readTarIndex, type TarFile } from "./tar-index.ts";

/** Every method throws CONTENT_BROKEN and FILE_FAILED. */
export interface LayoutFiles {
  /** As shown: `oci:DIR`. */
  readonly name: string;
  /** Bytes, or null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** Up to `length` bytes from its start on; null when there is no such file. */
  read(path: string, length: number): Promise<Buffer | null>;
  /** From byte `start` on; null when there is no such file. */
  open(path: string, start: number): Promise<Readable | null>;
  close(): Promise<void>;
}

/** Whole; null when there is no such file. Throws CONTENT_BROKEN for one of more than `most` bytes. */
export async function readWhole(files: LayoutFiles, path: string, most: number): Promise<Buffer | null> {
  const bytes = await files.read(path, most + 1);
  if (bytes !== null && bytes.length > most) {
    throw broken(`${path} in ${files.name}`, `it has more than ${most} bytes, which no such file needs`);
  }
  return bytes;
}

/** Throws NOT_FOUND, FILE_FAILED. */
export async function openFolder(folder: string, name: string): Promise<LayoutFiles> {
  await checkFolder(folder, name);
  const openIn = async (path: string): Promise<OpenFile | null> => {
    const place = join(folder, path);
    const opened = openForReading(place, `${path} in ${name}`);
    return inFile(place, () => orNull(opened));
  };
  return {
    name,
    size: async (path) => {
      const place = join(folder, path);
      const found = await inFile(place, () => orNull(stat(place)));
      return found?.isFile() ? found.size : null;
    },
    read: async (path, length) => {
      const file = await openIn(path);
      if (file === null) return null;
      try {
        return await readPart(file, 0, Math.min(length, file.size));
      } finally {
        await file.handle.close();
      }
    },
    open: async (path, start) => {
      const file = await openIn(path);
      if (file === null) return null;
      const what = `${path} in ${name}`;
      return streamPart(file, { start, end: file.size, what, release: () => file.handle.close() });
    },
    close: async () => {},
  };
}

async function checkFolder(folder: string, name: string): Promise<void> {
  const found = await inFile(folder, async () => {
    try {
      return await stat(folder);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new RegctlError("NOT_FOUND", { what: name, reason: "there is no such folder" }, { cause: error });
    }
  });
  if (found.isDirectory()) return;
  const problem = "it is a file, and a layout is a folder: an archive is written oci-archive:FILE";
  throw new RegctlError("FILE_FAILED", { path: folder, problem });
}

/** Throws NOT_FOUND, FILE_FAILED, CONTENT_BROKEN. */
export async function openArchiveFiles(path: string, name: string): Promise<LayoutFiles> {
  const archive = await openArchive(path, name);
  try {
    const read = (position: number, length: number) => readPart(archive, position, length);
    const index = await readTarIndex({ size: archive.size, read }, name);
    return archiveFiles(archive, index.find, name);
  } catch (error) {
    await archive.handle.close();
    throw toFileError(error, path);
  }
}

function archiveFiles(archive: OpenFile, find: (path: string) => TarFile | null, name: string): LayoutFiles {
  return {
    name,
    size: async (path) => find(path)?.size ?? null,
    read: async (path, length) => {
      const file = find(path);
      return file === null ? null : readPart(archive, file.offset, Math.min(length, file.size));
    },
    open: async (path, start) => {
      const file = find(path);
      if (file === null) return null;
      const { offset, size } = file;
      return streamPart(archive, { start: offset + start, end: offset + size, what: `${path} in ${name}` });
    },
    close: () => archive.handle.close(),
  };
}

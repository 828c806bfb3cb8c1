/**
 * Where the files of a tar lie, found by its headers alone. Nothing is unpacked: names are only looked up, so none
 * reaches the file system. Of two files with one name the last one counts, as after unpacking.
 */
import { posix } from "node:path";
import type { RegctlError } from "../errors.ts";
import { broken, shown } from "./failures.ts";
import { type Extension, extend, extensions, mostExtensionBytes } from "./tar-extension.ts";
import { decodeTarHeader, type TarHeader, tarBlock, tarPadding } from "./tar-format.ts";

/** What is read: a file, or memory. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** Up to `length` bytes, fewer only at the end. */
  read(position: number, length: number): Promise<Buffer>;
}

export interface TarFile {
  /** First byte of the content. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

export interface TarIndex {
  /** Follows links. Null when there is no such file. Throws CONTENT_BROKEN for links in a circle or out of the archive. */
  find(path: string): TarFile | null;
}

type Found = TarFile | { readonly linkTo: string };

/** Names longer than this are of no image. */
const mostNameBytes = 4096;
/** So that an archive of endless empty files fills no memory: together some 50 MB. */
const mostEntries = 100_000;
const mostNames = 32 * 1024 * 1024;
/** As many links in a row as Linux follows. */
const mostLinks = 40;
/** Headers of small files lie close together: one read takes several. */
const windowBytes = 16 * 1024;

/** `what` names the archive in errors. Throws CONTENT_BROKEN. */
export async function readTarIndex(source: RandomAccess, what: string): Promise<TarIndex> {
  const files = new Map<string, Found>();
  const budget = createBudget(what);
  for await (const { header, offset } of readEntries(source, what)) {
    budget(header.path);
    const path = placeOf(header.path);
    if (path === null) throw broken(what, `it holds a file named "${shown(header.path)}", outside of itself`);
    const found = judgeEntry(header, path, offset, what);
    if (found !== null) files.set(path, found);
  }
  return { find: (path) => find(files, path, what) };
}

function createBudget(what: string): (name: string) => void {
  let entries = 0;
  let names = 0;
  return (name) => {
    entries += 1;
    names += name.length;
    if (name.length > mostNameBytes) throw broken(what, "it holds a file with an endless name");
    if (entries > mostEntries || names > mostNames)
      throw broken(what, "it holds more files than any archive of images");
  };
}

/** Null for what is no file: folders, devices, and kinds that nobody knows. */
function judgeEntry(header: TarHeader, path: string, offset: number, what: string): Found | null {
  const { type, link, size } = header;
  if (type === "0" || type === "7") return { offset, size };
  if (type === "S") throw broken(what, `${shown(path)} is stored as a sparse file, which is not read`);
  if (type !== "1" && type !== "2") return null;
  // A symbolic link begins where it lies, a hard link at the root of the archive.
  const target = placeOf(type === "2" ? posix.join(posix.dirname(path), link) : link);
  if (target === null || (type === "2" && link.startsWith("/"))) {
    throw broken(what, `${shown(path)} is a link to "${shown(link)}", outside of the archive`);
  }
  return { linkTo: target };
}

/** The name without `./` and the like; null when it leads out of the archive. */
function placeOf(path: string): string | null {
  if (path.startsWith("/")) return null;
  const place = posix.normalize(path).replace(/\/$/, "");
  return place === ".." || place.startsWith("../") ? null : place;
}

function find(files: ReadonlyMap<string, Found>, path: string, what: string): TarFile | null {
  let place = placeOf(path);
  if (place === null) throw broken(what, `it names "${shown(path)}", outside of itself`);
  for (let links = 0; links <= mostLinks; links += 1) {
    const found = files.get(place);
    if (found === undefined) return null;
    if (!("linkTo" in found)) return found;
    place = found.linkTo;
  }
  throw broken(what, `${shown(path)} is a link that leads to no file but in a circle`);
}

interface Entry {
  readonly header: TarHeader;
  readonly offset: number;
}

/** Every entry with its names as they are meant. Throws CONTENT_BROKEN where the archive is cut off or is none. */
async function* readEntries(source: RandomAccess, what: string): AsyncGenerator<Entry> {
  const read = createWindow(source);
  let extension: Extension = {};
  let position = 0;
  if (source.size === 0) throw noArchive(what, 0);
  while (position < source.size) {
    const block = await read(position, tarBlock);
    const raw = block.length < tarBlock ? null : decodeTarHeader(block);
    if (raw === "end") return;
    if (raw === null && position === 0 && !isBegun(block)) throw noArchive(what, block.length);
    if (raw === null) throw broken(what, problemOfHeader(position, block.length));
    const offset = position + tarBlock;
    const extends_ = extensions[raw.type];
    const header = extends_ === undefined && raw.type !== "g" ? extend(raw, extension) : raw;
    if (header.size > source.size - offset) {
      throw broken(what, `it is cut off: ${shown(header.path)} goes on behind the end of the file`);
    }
    position = offset + header.size + tarPadding(header.size);
    if (extends_ !== undefined) {
      if (header.size > mostExtensionBytes) throw broken(what, "it holds a header without end");
      const added = extends_(await source.read(offset, header.size));
      if (typeof added === "string") throw broken(what, added);
      extension = { ...extension, ...added };
    } else if (raw.type !== "g") {
      yield { header, offset };
      extension = {};
    }
  }
}

/** A header that the file ends in: every tar since 1988 has this mark in it. */
function isBegun(block: Buffer): boolean {
  return block.length < tarBlock && block.toString("latin1", 257, 262) === "ustar";
}

function noArchive(what: string, bytes: number): RegctlError {
  const problem = bytes === 0 ? "it is empty" : "it is no tar archive";
  return broken(what, problem, "An image's archive is made by: docker save NAME:TAG -o FILE");
}

function problemOfHeader(position: number, bytes: number): string {
  if (bytes < tarBlock) return "it is cut off in the middle of a header";
  return `it is damaged: there is no header at byte ${position}`;
}

function createWindow(source: RandomAccess): (position: number, length: number) => Promise<Buffer> {
  let start = 0;
  let bytes: Buffer = Buffer.alloc(0);
  return async (position, length) => {
    if (position < start || position + length > start + bytes.length) {
      start = position;
      bytes = await source.read(position, Math.max(length, windowBytes));
    }
    return bytes.subarray(position - start, position - start + length);
  };
}

/** An archive on disk, opened to be read at any place. */
import { createReadStream } from "node:fs";
import { type FileHandle, mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { RegctlError } from "../errors.ts";
import { writeFully } from "./durable.ts";
import { broken, inFile, systemCodeOf, toFileError } from "./failures.ts";
import { type OpenFile, openForReading, readPart, readSize } from "./file-part.ts";

interface Packing {
  readonly name: string;
  readonly magic: string;
  readonly unpack?: () => Transform;
}

/** What `docker save | gzip` and its like leave. The last two are rare, and Node reads neither. */
const packings: readonly Packing[] = [
  { name: "gzip", magic: "1f8b", unpack: () => createGunzip({ chunkSize: readSize }) },
  { name: "zstd", magic: "28b52ffd", unpack: () => createZstdDecompress({ chunkSize: readSize }) },
  { name: "xz", magic: "fd377a585a00" },
  { name: "bzip2", magic: "425a68" },
];

/** `gzip`, `zstd`, … by the first bytes; null for what is not packed. */
export function packingOf(start: Buffer): string | null {
  return packings.find(({ magic }) => start.toString("hex").startsWith(magic))?.name ?? null;
}

/**
 * The archive, unpacked first when it is packed: whoever reads it jumps between its files, which no packed one lets
 * do. `what` names it. Throws NOT_FOUND, FILE_FAILED, CONTENT_BROKEN.
 */
export async function openArchive(path: string, what: string): Promise<OpenFile> {
  const file = await openNamed(path, what);
  try {
    const start = await readPart(file, 0, 6);
    const packing = packings.find(({ magic }) => start.toString("hex").startsWith(magic));
    if (packing === undefined) return file;
    if (packing.unpack === undefined) {
      throw broken(what, `it is packed with ${packing.name}, which is not read: unpack it first`);
    }
    const unpacked = await unpack(path, packing.unpack(), what);
    await file.handle.close();
    return unpacked;
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

async function openNamed(path: string, what: string): Promise<OpenFile> {
  try {
    return await openForReading(path, what);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw toFileError(error, path);
    throw new RegctlError("NOT_FOUND", { what, reason: "there is no such file" }, { cause: error });
  }
}

/** Of what is free where temporary files go, so much may be used: a small file can unpack to a thousand times as much. */
const mostShare = 0.9;

/** Into a temporary file whose name is taken away at once: it is gone with this process, however that ends. */
async function unpack(path: string, unpacker: Transform, what: string): Promise<OpenFile> {
  const handle = await inFile(tmpdir(), openTemporary);
  try {
    const { bavail, bsize } = await statfs(tmpdir());
    const most = Math.floor(bavail * bsize * mostShare);
    let size = 0;
    await pipeline(createReadStream(path, { highWaterMark: readSize }), unpacker, async (chunks) => {
      for await (const chunk of chunks) {
        if (size + chunk.length > most) throw tooLarge(path);
        await writeFully(handle, chunk, size);
        size += chunk.length;
      }
    });
    return { path, handle, size };
  } catch (error) {
    await handle.close();
    if (isUnpackerError(error)) throw broken(what, "it is packed, and is damaged or cut off");
    throw toFileError(error, tmpdir());
  }
}

async function openTemporary(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "regctl-"));
  try {
    return await open(join(folder, "archive.tar"), "wx+", 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function tooLarge(path: string): RegctlError {
  const problem = `unpacked it has more bytes than ${tmpdir()} has room for: unpack it yourself, or set TMPDIR to a larger place`;
  return new RegctlError("FILE_FAILED", { path, problem });
}

function isUnpackerError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(Z_|ZSTD_)/.test(String(error.code));
}

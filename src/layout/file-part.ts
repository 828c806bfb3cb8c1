/** Reading files in parts, by position. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { broken, inFile, toFileError } from "./failures.ts";

/** Bytes of one read. */
export const readSize = 1024 * 1024;

export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes, when it was opened. */
  readonly size: number;
}

/** A regular file; `what` names it in errors. Throws system errors as they are, and CONTENT_BROKEN for a device. */
export async function openForReading(path: string, what: string): Promise<OpenFile> {
  // Without O_NONBLOCK a pipe of that name would be waited for without end.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (found.isDirectory()) throw broken(what, "it is a folder, and a file is wanted");
    if (!found.isFile()) throw broken(what, "it is no regular file");
    return { path, handle, size: found.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Up to `length` bytes from `position` on: fewer only at the end of the file. */
export async function readPart(
  { handle, path }: OpenFile,
  position: number,
  length: number,
): Promise<Buffer> {
  const part = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const at = position + filled;
    const { bytesRead } = await inFile(path, () => handle.read(part, filled, length - filled, at));
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return part.subarray(0, filled);
}

export interface Part {
  /** First byte, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  readonly what: string;
  /** When it is over, whatever happened. */
  readonly release?: () => Promise<void>;
}

/** A stream that holds at most two reads in memory. A file that got shorter meanwhile fails it with CONTENT_BROKEN. */
export function streamPart(file: OpenFile, { start, end, what, release }: Part): Readable {
  let position = start;
  return new Readable({
    highWaterMark: readSize,
    read() {
      if (position >= end) {
        this.push(null);
        return;
      }
      const length = Math.min(readSize, end - position);
      file.handle.read(Buffer.allocUnsafeSlow(length), 0, length, position).then(
        ({ bytesRead, buffer }) => {
          if (bytesRead === 0) {
            this.destroy(broken(what, "it got shorter while it was read"));
            return;
          }
          position += bytesRead;
          this.push(buffer.subarray(0, bytesRead));
        },
        (error: unknown) => this.destroy(errorOf(toFileError(error, file.path))),
      );
    },
    destroy(error, done) {
      (release?.() ?? Promise.resolve()).then(
        () => done(error),
        (failure: unknown) => done(error ?? errorOf(failure)),
      );
    },
  });
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * A blob that is made while it travels: read once from its source, its digest and size known at its end. The last
 * bytes are kept, so that a broken connection costs nothing: what the registry has not got is sent again from here.
 * Whoever wants bytes from before that has to begin the whole source anew.
 */
import { Readable } from "node:stream";
import { RegctlError } from "../errors.ts";
import { type Digest, openHash } from "../registry/digest.ts";
import type { UploadFeed, UploadPart } from "./upload-feed.ts";

/** Bytes are wanted that are kept no more: the same source from its beginning would have them. `cause`: what broke. */
export class SourcePassed extends Error {
  override readonly name = "SourcePassed";
}

export interface StreamFeedOptions {
  readonly source: AsyncIterable<Uint8Array>;
  /** Bytes that are kept. */
  readonly window: number;
  /** What it must turn out to be, where that is known; `what` names it in the error. */
  readonly wanted: { readonly digest: Digest; readonly what: string } | null;
  /** Told of each chunk that was handed on. */
  readonly onBytes: (count: number) => void;
}

export interface StreamFeed extends UploadFeed {
  /** Bytes that were handed on so far, those that were sent again included. */
  readonly passed: number;
}

export function createStreamFeed({ source, window, wanted, onBytes }: StreamFeedOptions): StreamFeed {
  const kept = createWindow(source, window);
  let failed: Error | null = null;
  let current: Readable | null = null;
  let passed = 0;
  const read = async (position: number): Promise<Buffer | null> => {
    try {
      return await kept.at(position);
    } catch (error) {
      failed ??= error instanceof Error ? error : new Error(String(error));
      throw failed;
    }
  };
  const open = (start: number, end: number): Readable => {
    current?.destroy();
    current = readFrom(start, end, read, (count) => {
      passed += count;
      onBytes(count);
    });
    return current;
  };
  return {
    get digest() {
      return kept.end()?.digest ?? null;
    },
    get size() {
      return kept.end()?.size ?? null;
    },
    get passed() {
      return passed;
    },
    kept: true,
    part: async (start, most): Promise<UploadPart> => {
      if (most === null)
        return { length: null, spends: false, open: () => open(start, Number.POSITIVE_INFINITY) };
      const end = await fill(start, start + Math.min(most, window), read);
      return { length: end - start, spends: false, open: () => open(start, end) };
    },
    failure: () => failed,
    verify: () => {
      const end = kept.end();
      if (end === null) throw new Error("not everything has passed");
      if (wanted === null || end.digest === wanted.digest) return;
      const { digest, what } = wanted;
      throw new RegctlError("DIGEST_MISMATCH", {
        what,
        digest,
        size: null,
        actual: end.digest,
        bytes: end.size,
      });
    },
    close: () => {
      current?.destroy();
      kept.close();
    },
  };
}

/** Has the bytes from `start` up to `end` read; where it ends before, that place. */
async function fill(
  start: number,
  end: number,
  read: (position: number) => Promise<Buffer | null>,
): Promise<number> {
  let at = start;
  while (at < end) {
    const chunk = await read(at);
    if (chunk === null) break;
    at += chunk.length;
  }
  return Math.min(at, end);
}

const highWaterMark = 256 * 1024;

function readFrom(
  start: number,
  end: number,
  read: (position: number) => Promise<Buffer | null>,
  onBytes: (count: number) => void,
): Readable {
  let position = start;
  const stream = new Readable({
    highWaterMark,
    read() {
      if (position >= end) {
        this.push(null);
        return;
      }
      read(position).then(
        (chunk) => {
          if (this.destroyed) return;
          const bytes = chunk === null ? null : chunk.subarray(0, end - position);
          position += bytes?.length ?? 0;
          if (bytes !== null) onBytes(bytes.length);
          this.push(bytes);
        },
        (error: Error) => this.destroy(error),
      );
    },
  });
  // Who reads it hears of the error as well.
  stream.on("error", () => {});
  return stream;
}

interface Window {
  /** The bytes from there on as far as they lie together; null behind the end. Throws SourcePassed. */
  at(position: number): Promise<Buffer | null>;
  end(): { readonly digest: Digest; readonly size: number } | null;
  close(): void;
}

function createWindow(source: AsyncIterable<Uint8Array>, most: number): Window {
  const iterator = source[Symbol.asyncIterator]();
  const hash = openHash("sha256");
  const chunks: { readonly start: number; readonly bytes: Buffer }[] = [];
  let size = 0;
  let end: ReturnType<Window["end"]> = null;
  let turn: Promise<void> = Promise.resolve();
  const pull = async (): Promise<void> => {
    const { done, value } = await iterator.next();
    if (done === true) {
      end = { digest: `sha256:${hash.digest("hex")}`, size };
      return;
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    hash.update(bytes);
    chunks.push({ start: size, bytes });
    size += bytes.length;
    for (let first = chunks[0]; first !== undefined; first = chunks[0]) {
      if (size - first.start - first.bytes.length < most) break;
      chunks.shift();
    }
  };
  const find = async (position: number): Promise<Buffer | null> => {
    while (position >= size && end === null) await pull();
    if (position >= size) return null;
    const chunk = chunks.findLast(({ start }) => start <= position);
    if (chunk === undefined) throw new SourcePassed(`byte ${position} is kept no more`);
    return chunk.bytes.subarray(position - chunk.start);
  };
  return {
    at: (position) => {
      // Whoever was destroyed in the middle may still wait: the source is asked by one at a time.
      const found = turn.then(() => find(position));
      turn = found.then(
        () => {},
        () => {},
      );
      return found;
    },
    end: () => end,
    close: () => {
      iterator.return?.()?.catch(() => {});
    },
  };
}

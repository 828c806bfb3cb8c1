/**
 * The bytes of an upload on their way into its file: gathered while the disk writes, hashed meanwhile, and flushed along
 * the way so that the end of a large upload does not wait for all of it.
 */
import type { Hash } from "node:crypto";
import { writeFully } from "./durable.ts";
import type { StoreFile } from "./files.ts";
import type { Gate } from "./in-turn.ts";
import { lendBuffers } from "./write-buffers.ts";

const flushEveryBytes = 32 * 1024 * 1024;

export interface BodyWriter {
  /** Resolves when the next one may come; the chunk's buffer may be filled again then. */
  take(chunk: Buffer): Promise<void>;
  /** Writes what is left; resolves to where the file ends now. */
  end(): Promise<number>;
  /** To be called once, whatever happened: waits for what is under way and gives the buffers back. */
  release(): Promise<void>;
}

export interface BodyTarget {
  readonly file: StoreFile;
  /** Where the first byte goes. */
  readonly offset: number;
  /** Of all bytes before, continued here; null when nobody wants it. */
  readonly hash: Hash | null;
  readonly gate: Gate;
}

export function createBodyWriter({ file, offset, hash, gate }: BodyTarget): BodyWriter {
  const buffers = lendBuffers();
  const full: Buffer[] = [];
  let buffer = buffers.take();
  let filled = 0;
  let position = offset;
  let flushedUpTo = offset;
  let inFlight = 0;
  let failure: { readonly error: unknown } | null = null;
  let writing: Promise<void> | null = null;
  let flushing: Promise<void> | null = null;

  /** Settles always: the failure is thrown to whoever comes next. */
  const noting = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failure ??= { error };
    }
  };
  const check = (): void => {
    if (failure !== null) throw failure.error;
  };
  const flushInBackground = (): void => {
    if (flushing !== null || position - flushedUpTo < flushEveryBytes) return;
    const sync = gate.runIfIdle(() => file.sync());
    if (sync === null) return;
    flushedUpTo = position;
    flushing = noting(sync).then(() => {
      flushing = null;
    });
  };
  /** Everything that has come while the disk was busy goes out together. */
  const write = async (): Promise<void> => {
    const batch = full.splice(0);
    inFlight = batch.length;
    await noting(writeFully(file, batch, position));
    for (const { length } of batch) position += length;
    // The last one is in part filled, and given back at the end.
    buffers.giveBack(batch.filter(({ length, buffer: whole }) => length === whole.byteLength));
    inFlight = 0;
    writing = null;
    if (failure !== null) return;
    flushInBackground();
    if (full.length > 0) writing = write();
  };
  const pass = (bytes: Buffer): void => {
    full.push(bytes);
    // Nothing is written behind what could not be written.
    if (failure === null) writing ??= write();
    // While the system writes: the disk and this thread work at the same time.
    hash?.update(bytes);
  };

  return {
    take: async (chunk) => {
      for (let taken = 0; taken < chunk.length; ) {
        const copied = chunk.copy(buffer, filled, taken);
        taken += copied;
        filled += copied;
        if (filled < buffer.length) return;
        pass(buffer);
        buffer = buffers.take();
        filled = 0;
        while (writing !== null && full.length + inFlight >= buffers.allowance() - 1) await writing;
        check();
      }
    },
    end: async () => {
      if (filled > 0) pass(buffer.subarray(0, filled));
      filled = 0;
      while (writing !== null) await writing;
      check();
      return position;
    },
    release: async () => {
      while (writing !== null) await writing;
      await flushing;
      buffers.giveBack([buffer]);
      buffers.end();
    },
  };
}

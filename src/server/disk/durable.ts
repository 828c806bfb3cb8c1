/** Writes that a power cut leaves whole: content first, then the name, then the folder that holds the name. */
import type { StoreFile, StoreFiles } from "./files.ts";
import { createGate, createShared, type Gate } from "./in-turn.ts";
import type { StorePaths } from "./paths.ts";

export interface Durable {
  /** For everything that waits for the disk itself, so that threads are left for those who read. */
  readonly gate: Gate;
  /** Shared by all who wait for the same folder. */
  syncFolder(path: string): Promise<void>;
  /** A temporary file with these bytes, on the disk; the caller links or renames it. */
  writeTemporary(bytes: Buffer): Promise<string>;
  /** Old or new, never half. */
  replace(path: string, folder: string, bytes: Buffer): Promise<void>;
}

/** Node has four threads for files: two of them may stand still. */
const syncsAtATime = 2;

/** Writes all of it, however little the system takes at a time. */
export async function writeFully(
  file: StoreFile,
  chunks: readonly Buffer[],
  position: number,
): Promise<void> {
  let rest = chunks.filter(({ length }) => length > 0);
  for (let at = position; rest.length > 0; ) {
    const written = await file.write(rest, at);
    at += written;
    rest = behind(rest, written);
  }
}

/** What is left of chunks without their first bytes. */
function behind(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skipped = 0;
  return chunks.flatMap((chunk) => {
    const start = Math.max(0, bytes - skipped);
    skipped += chunk.length;
    return start >= chunk.length ? [] : [chunk.subarray(start)];
  });
}

export function createDurable(files: StoreFiles, paths: StorePaths): Durable {
  const gate = createGate(syncsAtATime);
  const syncFolder = createShared((path) => gate.run(() => files.syncFolder(path)));
  const writeTemporary = async (bytes: Buffer): Promise<string> => {
    const path = paths.temporaryFile();
    const file = await files.open(path, "create");
    try {
      await writeFully(file, [bytes], 0);
      await gate.run(() => file.sync());
    } catch (error) {
      await files.remove(path).catch(() => false);
      throw error;
    } finally {
      await file.close();
    }
    return path;
  };
  const replace = async (path: string, folder: string, bytes: Buffer): Promise<void> => {
    const temporary = await writeTemporary(bytes);
    try {
      await files.rename(temporary, path);
    } catch (error) {
      await files.remove(temporary).catch(() => false);
      throw error;
    }
    await syncFolder(folder);
  };
  return { gate, syncFolder, writeTemporary, replace };
}

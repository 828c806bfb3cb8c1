/** A log that never grows beyond its size: when it is full, it becomes FILE.1, in the place of the one before. */
import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { RegctlError } from "../errors.ts";
import type { LogFile } from "../service/log.ts";

/** Written at once and appended, so that lines of another writer (a crash of this process) stand among them. */
export function openLogFile(path: string, mostBytes: number): LogFile {
  const file = openToAppend(path);
  let size = fstatSync(file).size;
  return {
    write: (text) => {
      try {
        if (size + text.length > mostBytes) {
          // Copied, not renamed: standard error is open on the same file.
          copyFileSync(path, `${path}.1`);
          ftruncateSync(file);
          size = 0;
        }
        size += writeSync(file, text);
      } catch {
        // What runs for long outlives a disk that is full.
      }
    },
    close: () => closeSync(file),
  };
}

/** Throws FILE_FAILED. */
function openToAppend(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const facts = { path, problem: `the log cannot be written there (${reason})` };
    throw new RegctlError("FILE_FAILED", facts, { cause: error });
  }
}

/** What can be wrong with a file or with what it holds, as errors of ours. */
import { isRegctlError, RegctlError } from "../errors.ts";

/** Words for what the operating system says; anything else is passed on in its own words. */
const problems: Readonly<Record<string, string>> = {
  EACCES: "you have no right to it",
  EPERM: "you have no right to it",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is used up",
  EFBIG: "it would be larger than the file system or your limits allow",
  EISDIR: "it is a folder, and a file is wanted",
  ENOTDIR: "a part of its path is a file, and a folder is wanted",
  ENOENT: "its folder is not there",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  EIO: "the disk failed",
};

/** ENOENT and its like, or undefined for what is no error of the operating system. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && "syscall" in error ? String(error.code) : undefined;
}

export function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Every error of the operating system becomes FILE_FAILED; others stay what they are. */
export function toFileError(error: unknown, path: string): unknown {
  const code = systemCodeOf(error);
  if (code === undefined || isRegctlError(error)) return error;
  const problem = problems[code] ?? (error instanceof Error ? error.message : code);
  return new RegctlError("FILE_FAILED", { path, problem }, { cause: error });
}

export async function inFile<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toFileError(error, path);
  }
}

/** `instead`: a line for people, where the usual advice to copy it again is none. */
export function broken(what: string, problem: string, instead?: string): RegctlError {
  return new RegctlError("CONTENT_BROKEN", { what, problem, ...(instead === undefined ? {} : { instead }) });
}

/** Text from inside a file, as it may be shown: no control characters, not endless. */
export function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return short.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "?");
}

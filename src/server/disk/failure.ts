/** What the operating system says about files, as what the storage promises to say. */
import { StorageFailure, type StorageProblem } from "../storage.ts";
import type { StoreFile, StoreFiles } from "./files.ts";

/** Answers rather than failures: who asked for them knows what to do. */
const answers = new Set(["ENOENT", "EEXIST", "EMLINK", "ENOTEMPTY", "ENOTDIR"]);

const problems: Readonly<Record<string, StorageProblem>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read-only",
  EACCES: "read-only",
  EPERM: "read-only",
};

const words = {
  full: "the disk of the registry is full",
  "read-only": "the registry may not write to its storage",
  failed: "the storage of the registry failed",
} as const;

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function isFailure(error: unknown, problem: StorageProblem): boolean {
  return error instanceof StorageFailure && error.problem === problem;
}

function failureOf(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof StorageFailure || code === "" || answers.has(code)) return error;
  const problem = problems[code] ?? "failed";
  if (problem !== "full" && problem !== "read-only") {
    return new StorageFailure("failed", `${words.failed} (${code})`, { cause: error });
  }
  return new StorageFailure(problem, words[problem], { cause: error });
}

export interface JudgedFiles {
  /** Failures are StorageFailures; what is an answer comes as it is. */
  readonly files: StoreFiles;
  /** Lets what is under way end, and nothing begin. */
  close(): Promise<void>;
}

export function judgeFiles(files: StoreFiles): JudgedFiles {
  let closed = false;
  const active = new Set<Promise<unknown>>();
  const judged = async <T>(start: () => Promise<T>): Promise<T> => {
    if (closed) throw new StorageFailure("failed", "the storage of the registry is closed");
    const started = start();
    active.add(started);
    try {
      return await started;
    } catch (error) {
      throw failureOf(error);
    } finally {
      active.delete(started);
    }
  };
  return {
    files: judgeEach(files, judged),
    close: async () => {
      closed = true;
      await Promise.allSettled([...active]);
    },
  };
}

type Judged = <T>(start: () => Promise<T>) => Promise<T>;

function judgeEach(files: StoreFiles, judged: Judged): StoreFiles {
  return {
    open: async (path, mode) => {
      const file = await judged(() => files.open(path, mode));
      return judgeFile(file, judged);
    },
    stat: (path) => judged(() => files.stat(path)),
    has: (path) => files.has(path),
    read: (path) => judged(() => files.read(path)),
    list: (path) => judged(() => files.list(path)),
    makeFolder: (path) => judged(() => files.makeFolder(path)),
    link: (from, to) => judged(() => files.link(from, to)),
    rename: (from, to) => judged(() => files.rename(from, to)),
    remove: (path) => judged(() => files.remove(path)),
    removeFolder: (path) => judged(() => files.removeFolder(path)),
    syncFolder: (path) => judged(() => files.syncFolder(path)),
    touch: (path, timeMs) => judged(() => files.touch(path, timeMs)),
  };
}

function judgeFile(file: StoreFile, judged: Judged): StoreFile {
  return {
    read: (target, position) => judged(() => file.read(target, position)),
    write: (chunks, position) => judged(() => file.write(chunks, position)),
    truncate: (size) => judged(() => file.truncate(size)),
    sync: () => judged(() => file.sync()),
    // Also when the storage is closed: descriptors are not left behind.
    close: () => file.close(),
  };
}

/** Files that are looked at and never changed. */
export function refuseWrites(files: StoreFiles): StoreFiles {
  const refuse = () => Promise.reject(new StorageFailure("read-only", words["read-only"]));
  return {
    ...files,
    open: (path, mode) => (mode === "read" ? files.open(path, mode) : refuse()),
    makeFolder: refuse,
    link: refuse,
    rename: refuse,
    remove: refuse,
    removeFolder: refuse,
    syncFolder: refuse,
    touch: refuse,
  };
}

/**
 * The few operations on files that the store is made of, so that tests can let each one fail, or let the power go
 * after it. Implemented by `src/system/store-files.ts`. Failures are the operating system's, with its `code`.
 */

export interface FileFacts {
  /** Bytes. */
  readonly size: number;
  /** When it was written or touched, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** How many names it has. */
  readonly links: number;
  /** The same for two names of one file. */
  readonly inode: number;
}

/** An open file; whoever opened it closes it. */
export interface StoreFile {
  /** How many bytes were read from `position` on, 0 at the end. */
  read(target: Buffer, position: number): Promise<number>;
  /** How many bytes were written, which may be fewer than there are. */
  write(chunks: readonly Buffer[], position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** What was written survives a power cut once this resolves. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreFiles {
  /** `create` makes a new file (EEXIST when there is one), `change` writes into one that is there. */
  open(path: string, mode: "read" | "create" | "change"): Promise<StoreFile>;
  stat(path: string): Promise<FileFacts | null>;
  /** At once, without waiting: for thousands of names in a row. */
  has(path: string): boolean;
  /** The whole of a small file, or null. */
  read(path: string): Promise<Buffer | null>;
  /** Names in a folder in no order, or none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** Names that are there already are no error. */
  makeFolder(path: string): Promise<void>;
  /** A second name for a file. EEXIST, EMLINK. */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** False when there was no such file. */
  remove(path: string): Promise<boolean>;
  /** False when it was not empty, or not there. */
  removeFolder(path: string): Promise<boolean>;
  /** The names in this folder survive a power cut once this resolves. */
  syncFolder(path: string): Promise<void>;
  touch(path: string, timeMs: number): Promise<void>;
}

/** What is held until it is released or the process ends, however it ends. */
export interface FolderHold {
  release(): Promise<void>;
}

/** Takes a folder for this process alone, or says who has it. */
export type HoldFolder = (path: string) => Promise<FolderHold | { readonly heldBy: string }>;

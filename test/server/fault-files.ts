/** Files of which one operation fails, or after which the process is as good as dead. */
import type { StoreFile, StoreFiles } from "../../src/server/disk/files.ts";

export type Fault =
  /** It fails once, with this code of the system. */
  | { readonly kind: "error"; readonly at: number; readonly code: string }
  /** The operation happens or not, and nothing happens after it; `torn` writes half. */
  | { readonly kind: "crash"; readonly at: number; readonly happens: "no" | "yes" | "torn" }
  /** Each write takes so many bytes at most. */
  | { readonly kind: "short-writes"; readonly bytes: number }
  | { readonly kind: "none" };

export interface FaultFiles extends StoreFiles {
  /** Operations so far, each with its path. */
  readonly operations: readonly string[];
}

class Crash extends Error {
  constructor() {
    super("the process was killed here");
  }
}

export function withFault(files: StoreFiles, fault: Fault): FaultFiles {
  const operations: string[] = [];
  const run = async <T>(
    name: string,
    action: () => Promise<T>,
    half?: () => Promise<unknown>,
  ): Promise<T> => {
    operations.push(name);
    const number = operations.length;
    if (fault.kind === "error" && number === fault.at) {
      throw Object.assign(new Error(`${fault.code}: injected`), { code: fault.code, syscall: "injected" });
    }
    if (fault.kind !== "crash" || number < fault.at) return await action();
    if (number === fault.at && fault.happens === "yes") await action();
    if (number === fault.at && fault.happens === "torn") await half?.();
    throw new Crash();
  };
  const wrap = (file: StoreFile, path: string): StoreFile => ({
    read: (target, position) => run(`read ${path}`, () => file.read(target, position)),
    write: (chunks, position) => {
      const [first = Buffer.alloc(0)] = chunks;
      const part = (bytes: number) => () => file.write([first.subarray(0, bytes)], position);
      const whole = fault.kind === "short-writes" ? part(fault.bytes) : () => file.write(chunks, position);
      return run(`write ${path}`, whole, part(Math.ceil(first.length / 2)));
    },
    truncate: (size) => run(`truncate ${path}`, () => file.truncate(size)),
    sync: () => run(`sync ${path}`, () => file.sync()),
    // A dead process has closed its files.
    close: () => file.close(),
  });
  return {
    operations,
    open: (path, mode) => run(`open ${mode} ${path}`, async () => wrap(await files.open(path, mode), path)),
    stat: (path) => run(`stat ${path}`, () => files.stat(path)),
    has: (path) => files.has(path),
    read: (path) => run(`read ${path}`, () => files.read(path)),
    list: (path) => run(`list ${path}`, () => files.list(path)),
    makeFolder: (path) => run(`makeFolder ${path}`, () => files.makeFolder(path)),
    link: (from, to) => run(`link ${to}`, () => files.link(from, to)),
    rename: (from, to) => run(`rename ${to}`, () => files.rename(from, to)),
    remove: (path) => run(`remove ${path}`, () => files.remove(path)),
    removeFolder: (path) => run(`removeFolder ${path}`, () => files.removeFolder(path)),
    syncFolder: (path) => run(`syncFolder ${path}`, () => files.syncFolder(path)),
    touch: (path, timeMs) => run(`touch ${path}`, () => files.touch(path, timeMs)),
  };
}

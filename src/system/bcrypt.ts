/**
 * bcrypt beside the event loop: one comparison takes a good part of a second, and downloads go on meanwhile. One
 * thread, so that logins never take more than one core; started by the first.
 */
import { Worker } from "node:worker_threads";
import type { ComparePassword } from "../server/auth/passwords.ts";

interface Answer {
  readonly id: number;
  readonly right: boolean;
  readonly problem: string | null;
}

type Waiting = Map<number, { resolve(right: boolean): void; reject(error: Error): void }>;

/** In the package the program of the thread stands beside the others, in the sources beside this file. */
const program = new URL(
  import.meta.url.endsWith(".ts") ? "./bcrypt-thread.ts" : "./bcrypt-thread.js",
  import.meta.url,
);

export function createComparePassword(): ComparePassword {
  const waiting: Waiting = new Map();
  let worker: Worker | undefined;
  let count = 0;
  const start = (): Worker => {
    const started = new Worker(program);
    started.on("message", ({ id, right, problem }: Answer) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
      if (problem === null) asked?.resolve(right);
      else asked?.reject(new Error(problem));
    });
    started.on("error", (error: Error) => {
      worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return started;
  };
  return (password, hash) => {
    worker ??= start();
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    count += 1;
    waiting.set(count, { resolve, reject });
    // It keeps the process alive only while somebody waits for it.
    worker.ref();
    worker.postMessage({ id: count, password, hash });
    return promise;
  };
}

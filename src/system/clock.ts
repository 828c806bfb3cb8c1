/** The real clock. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../ports.ts";

export function createClock(): Clock {
  return {
    now: () => new Date(),
    /** Rejects with the signal's reason when it is aborted first. */
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      try {
        await sleep(ms, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}

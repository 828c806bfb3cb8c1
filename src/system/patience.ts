/** How long a client is waited for: never more than a while without a byte, nor for bytes that only trickle. */
import type { ServerLimits } from "../server/listener.ts";
import type { WireResponse } from "./wire.ts";

export interface Patience {
  /** Waits for the client's part of the work, which moves `bytes` when it is known how many; cuts it off when it takes too long. */
  wait<T>(work: Promise<T>, bytesOf: (result: T) => number): Promise<T>;
}

type PatienceLimits = Pick<ServerLimits, "stallMs" | "leastBytesPerSecond">;

/** Begins to watch the connection; `cut` is called at most once. */
export function createPatience(
  response: WireResponse,
  { stallMs, leastBytesPerSecond }: PatienceLimits,
  cut: () => void,
): Patience {
  const spent = { ms: 0, bytes: 0, waiting: false };
  // Node starts this time anew with every byte that moves; while we work ourselves nobody is late.
  const watch = (): void => {
    response.setTimeout(stallMs);
  };
  response.on("timeout", () => (spent.waiting ? cut() : watch()));
  watch();
  return {
    wait: async (work, bytesOf) => {
      const begin = performance.now();
      spent.waiting = true;
      try {
        const result = await work;
        spent.bytes += bytesOf(result);
        return result;
      } finally {
        spent.waiting = false;
        spent.ms += performance.now() - begin;
        if (spent.ms > stallMs + (spent.bytes / leastBytesPerSecond) * 1000) cut();
      }
    },
  };
}

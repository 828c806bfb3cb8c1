/** So many at once, the others in the order in which they came. */

export interface Places {
  /** Resolves with a place. Rejects with the signal's reason, and then takes none. */
  take(signal: AbortSignal): Promise<void>;
  /** One place, to whoever waits longest. */
  giveBack(): void;
  /** Nobody gets one any more: whoever waits, or comes later, is rejected with this. */
  close(error: Error): void;
}

interface Waiting {
  readonly go: () => void;
  readonly stop: (reason: unknown) => void;
}

export function createPlaces(most: number): Places {
  const waiting = new Set<Waiting>();
  let free = most;
  let over: Error | null = null;
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(turn);
        signal.removeEventListener("abort", abort);
      };
      const turn: Waiting = {
        go: () => {
          settle();
          resolve();
        },
        stop: (reason) => {
          settle();
          reject(reason);
        },
      };
      const abort = (): void => turn.stop(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      waiting.add(turn);
    });
  return {
    take: async (signal) => {
      signal.throwIfAborted();
      if (over !== null) throw over;
      if (free === 0) await wait(signal);
      else free -= 1;
    },
    giveBack: () => {
      const [next] = waiting;
      if (next === undefined) free += 1;
      else next.go();
    },
    close: (error) => {
      over = error;
      for (const turn of [...waiting]) turn.stop(error);
    },
  };
}

/** One at a time, in the order of asking. */
import { RegctlError } from "../errors.ts";

export interface Turns {
  /** Somebody has the turn. */
  readonly taken: boolean;
  /** Resolves with what ends the turn; calling that again does nothing. Throws once they are closed. */
  take(): Promise<() => void>;
  /** Nobody gets a turn any more, and whoever waits for one is told. */
  close(): void;
}

export function createTurns(what: string): Turns {
  const waiting: PromiseWithResolvers<void>[] = [];
  let taken = false;
  let closed = false;
  const problem = () => new RegctlError("INTERNAL", { what: `${what} was written to after it was closed` });
  const next = (): void => {
    const first = waiting.shift();
    taken = first !== undefined;
    first?.resolve();
  };
  return {
    get taken() {
      return taken;
    },
    take: async () => {
      if (closed) throw problem();
      if (taken) {
        const turn = Promise.withResolvers<void>();
        waiting.push(turn);
        await turn.promise;
      }
      taken = true;
      let over = false;
      return () => {
        if (!over) next();
        over = true;
      };
    },
    close: () => {
      closed = true;
      for (const turn of waiting.splice(0)) turn.reject(problem());
    },
  };
}

/** Who waits for whom inside one process: one at a time for a key, a few at a time for all, one effort for many. */

export interface InTurn {
  /** Runs when everything that was asked for under this key before has ended. */
  run<T>(key: string, action: () => Promise<T>): Promise<T>;
}

export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return {
    run: async (key, action) => {
      const before = last.get(key);
      const mine = before === undefined ? action() : before.then(action, action);
      last.set(key, mine);
      try {
        return await mine;
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}

export interface Gate {
  /** Waits for a free place. */
  run<T>(action: () => Promise<T>): Promise<T>;
  /** Null, at once, when there is no place to spare. */
  runIfIdle(action: () => Promise<void>): Promise<void> | null;
}

/** At most `places` at a time; one of them stays free for those who wait. */
export function createGate(places: number): Gate {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const run = async <T>(action: () => Promise<T>): Promise<T> => {
    if (busy >= places) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
  return { run, runIfIdle: (action) => (busy < places - 1 ? run(action) : null) };
}

/** Many who ask for the same effort at the same time share the next one that begins after they asked. */
export function createShared(effort: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  const begin = (key: string): Promise<void> => {
    next.delete(key);
    const mine = effort(key).finally(() => running.delete(key));
    running.set(key, mine);
    return mine;
  };
  return (key) => {
    const current = running.get(key);
    if (current === undefined) return begin(key);
    const planned =
      next.get(key) ??
      current.then(
        () => begin(key),
        () => begin(key),
      );
    next.set(key, planned);
    return planned;
  };
}

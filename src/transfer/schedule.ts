/** Work in slots, the largest first: whoever ends last should be small. */

export interface Schedule {
  /** Runs `work` when a slot is free; of those that wait, the one with most `weight` comes first. */
  run<T>(weight: number, work: () => Promise<T>): Promise<T>;
  /** Slots that are in use. */
  running(): number;
}

interface Waiting {
  readonly weight: number;
  readonly start: () => void;
}

export function createSchedule(slots: number): Schedule {
  const waiting: Waiting[] = [];
  let free = slots;
  let due = false;
  const startNext = (): void => {
    due = false;
    while (free > 0) {
      const next = waiting.shift();
      if (next === undefined) return;
      free -= 1;
      next.start();
    }
  };
  /** One turn later: all that is asked for at once is seen before the first begins. */
  const startSoon = (): void => {
    if (due) return;
    due = true;
    queueMicrotask(startNext);
  };
  return {
    running: () => slots - free,
    run: <T>(weight: number, work: () => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        const start = (): void => {
          work()
            .then(resolve, reject)
            .finally(() => {
              free += 1;
              startNext();
            });
        };
        const at = waiting.findIndex((other) => other.weight < weight);
        waiting.splice(at < 0 ? waiting.length : at, 0, { weight, start });
        startSoon();
      }),
  };
}

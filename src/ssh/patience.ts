/** A deadline that stands still while a person is asked. */
export interface Patience {
  /** Runs `work` without counting its time. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

export function startPatience(ms: number, onEnd: () => void): Patience {
  let left = ms;
  let holds = 0;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined = setTimeout(onEnd, left);
  let stopped = false;
  const pause = (): void => {
    if (holds++ > 0) return;
    clearTimeout(timer);
    left -= performance.now() - since;
  };
  const resume = (): void => {
    if (--holds > 0 || stopped) return;
    since = performance.now();
    timer = setTimeout(onEnd, Math.max(left, 0));
  };
  return {
    hold: async (work) => {
      pause();
      try {
        return await work();
      } finally {
        resume();
      }
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

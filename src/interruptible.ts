/**
 * Waits for something that only looks: when the signal is aborted it is left to itself, and whoever waits goes on
 * at once, with the signal's reason. Never for something that changes a host.
 */
export async function interruptible<T>(looking: Promise<T>, signal: AbortSignal): Promise<T> {
  // It has begun already: left to itself it must not fail unheard.
  looking.catch(() => {});
  signal.throwIfAborted();
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([looking, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

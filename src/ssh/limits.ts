import { RegctlError } from "../errors.ts";
import { renderForPeople } from "../explain/quote.ts";
import type { CommandOptions } from "../ports.ts";

/**
 * Runs a command of a host within its time: SSH_COMMAND_TIMEOUT after `timeoutMs` (waiting for a free session
 * counts), the signal's reason when it is aborted. What `onStop` was given then ends the command over there.
 */
export async function withLimits<T>(
  argv: readonly string[],
  host: string,
  { timeoutMs, signal }: CommandOptions,
  work: (onStop: (stop: () => void) => void) => Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let stop: (() => void) | undefined;
  let stopped = false;
  const end = (reason: unknown): void => {
    stopped = true;
    stop?.();
    reject(reason);
  };
  const late = (): void => {
    const seconds = (timeoutMs ?? 0) / 1000;
    end(new RegctlError("SSH_COMMAND_TIMEOUT", { host, command: renderForPeople(argv), seconds }));
  };
  const aborted = (): void => end(signal?.reason);
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  signal?.addEventListener("abort", aborted, { once: true });
  if (signal?.aborted) aborted();
  else {
    work((given) => {
      stop = given;
      if (stopped) stop();
    }).then(resolve, reject);
  }
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", aborted);
  }
}

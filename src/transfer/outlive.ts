/** Connections that end a little after everything else, so that what was begun can be taken back. */

const graceMs = 2000;

/** A signal for connections: aborted a little later, so that what was begun can be taken back. */
export function outlive(signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), graceMs);
  };
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener("abort", start, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", start);
    },
  };
}

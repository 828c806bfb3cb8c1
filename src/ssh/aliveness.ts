/** Asking a server whether it is still there. */
import type { Destination } from "../ports.ts";

/**
 * Below what is no folder there can be no socket. Whatever a server thinks of forwards to sockets, it refuses this one
 * at once; so it answers without a session and without a trace.
 */
export const nowhere: Destination = { kind: "unix", path: "/dev/null/regctl" };

/** False when `question` fails, or has no answer within the time. */
export async function inTime(question: Promise<boolean>, withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, withinMs, false);
  question.then(resolve, () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

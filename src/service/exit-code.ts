import { isRegctlError } from "../errors.ts";

/** Ended by its `stop` or by SIGTERM a service has done what it was asked to; Ctrl-C is an interruption, as everywhere. */
export function exitCodeAfter({ aborted, reason }: AbortSignal): number {
  return aborted && isRegctlError(reason, "INTERRUPTED") && reason.facts.signal !== "SIGTERM" ? 130 : 0;
}

/** Sending again what failed for a reason that passes. */
import type { Clock, Emit } from "../../ports.ts";
import { parseRetryAfter } from "../retry-after.ts";
import { ConnectionFailure } from "./failure.ts";
import { canSendAgain, type RegistryRequest, type RegistryResponse, type Send } from "./send.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly emit: Emit;
}

const mostAttempts = 5;
/** A server that is silent for a minute is not asked five times. */
const mostSilences = 2;
const firstWaitMs = 250;
const longestWaitMs = 10_000;
/** A server that wants more patience gets its answer told instead. */
const longestRetryAfterMs = 60_000;

const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
/** Answers that say that the request was not carried out, whatever it was. */
const refused: ReadonlySet<number> = new Set([408, 425, 429, 503]);

/**
 * A first contact that fails is told at once; whoever has answered before is given time to come back.
 * Rejects and answers with the last failure.
 */
export function withRetry(send: Send, { clock, random, emit }: RetryOptions): Send {
  const answered = new Set<string>();
  return async (request) => {
    let silences = 0;
    for (let attempt = 1; ; attempt += 1) {
      const result = await attemptTo(send, request);
      if ("status" in result) answered.add(request.url.origin);
      const known = answered.has(request.url.origin);
      if (result instanceof ConnectionFailure && result.kind === "timeout") silences += 1;
      const over = attempt >= mostAttempts || silences >= mostSilences || !canSendAgain(request);
      const waitMs =
        over || !isWorthIt(result, request, known) ? null : waitFor(result, attempt, clock, random);
      if (waitMs === null) return orThrow(result);
      if (waitMs >= 2000) {
        const seconds = Math.round(waitMs / 1000);
        emit({ event: "step", host: request.url.host, step: `wait ${seconds} s, then ask again` });
      }
      await clock.sleep(waitMs, request.signal);
    }
  };
}

type Result = RegistryResponse | ConnectionFailure;

async function attemptTo(send: Send, request: RegistryRequest): Promise<Result> {
  try {
    return await send(request);
  } catch (error) {
    if (error instanceof ConnectionFailure) return error;
    throw error;
  }
}

function orThrow(result: Result): RegistryResponse {
  if (result instanceof ConnectionFailure) throw result;
  return result;
}

function isWorthIt(result: Result, request: RegistryRequest, known: boolean): boolean {
  if (result instanceof ConnectionFailure) {
    if (result.kind === "closed") return false;
    if (!result.sent) return known && result.kind !== "certificate" && result.kind !== "plaintext";
    return request.repeatable;
  }
  return (request.repeatable ? passing : refused).has(result.status);
}

/** Milliseconds, or null when it is not worth the wait. */
function waitFor(result: Result, attempt: number, clock: Clock, random: () => number): number | null {
  const doubled = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1));
  const waitMs = doubled * (0.5 + random() / 2);
  if (result instanceof ConnectionFailure) return waitMs;
  const asked = parseRetryAfter(result.headers["retry-after"], clock.now());
  if (asked === null) return waitMs;
  return asked > longestRetryAfterMs ? null : Math.max(asked, waitMs);
}

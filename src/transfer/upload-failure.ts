/** What to do about an upload that failed in the middle. Pure. */
import { RegctlError } from "../errors.ts";

/**
 * `shrink`: the body was too large. `ask`: how far it has come is asked, and it goes on from there. `restart`: the
 * registry has lost or refused it. `stop`: trying again would end the same way.
 */
export type UploadRemedy = "shrink" | "ask" | "restart" | "stop";

const tooLarge = 413;
/** Seconds. */
const longestAsked = 60;

/** Statuses after which the upload may still be there; of the others, the server has decided. */
const passing: ReadonlySet<number> = new Set([408, 416, 425, 429]);

export function judgeUploadFailure(error: unknown): UploadRemedy {
  if (!(error instanceof RegctlError)) return "stop";
  if (isCode(error, "REGISTRY_UNREACHABLE")) return "ask";
  if (isCode(error, "NOT_FOUND")) return "restart";
  // Ours says so of an upload that another request still holds, until it sees that nobody sends any more.
  if (isCode(error, "RATE_LIMITED"))
    return (error.facts.retryAfterSeconds ?? 0) > longestAsked ? "stop" : "ask";
  if (!isCode(error, "REGISTRY_ERROR")) return "stop";
  const { status } = error.facts;
  if (status === tooLarge) return "shrink";
  if (status >= 500 || passing.has(status)) return "ask";
  // A redirect, or an answer that is no success and no failure.
  return status >= 400 ? "restart" : "stop";
}

function isCode<C extends "REGISTRY_UNREACHABLE" | "NOT_FOUND" | "RATE_LIMITED" | "REGISTRY_ERROR">(
  error: RegctlError,
  code: C,
): error is RegctlError<C> {
  return error.code === code;
}

/** Bounds what would otherwise go on for ever: progress buys patience, but not endlessly. */
export interface Patience {
  /** False when it is used up. `offset` is what the registry holds now. */
  again(remedy: Exclude<UploadRemedy, "stop">, offset: number): boolean;
  /** Milliseconds to wait before the next try. */
  waitMs(): number;
  /** Tries in a row that brought nothing. */
  fruitless(): number;
}

const mostWithoutProgress = 5;
const mostRestarts = 3;
const mostTries = 200;
const firstWaitMs = 200;
const longestWaitMs = 10_000;

export function createPatience(): Patience {
  let tries = 0;
  let fruitless = 0;
  let restarts = 0;
  let furthest = 0;
  return {
    again: (remedy, offset) => {
      tries += 1;
      // Smaller bodies are tried a few times at most by themselves.
      if (remedy === "shrink") return tries < mostTries;
      if (remedy === "restart") restarts += 1;
      fruitless = offset > furthest ? 0 : fruitless + 1;
      furthest = Math.max(furthest, offset);
      return tries < mostTries && fruitless <= mostWithoutProgress && restarts <= mostRestarts;
    },
    fruitless: () => fruitless,
    waitMs: () => (fruitless === 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (fruitless - 1))),
  };
}

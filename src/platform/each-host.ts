import pLimit from "p-limit";
import type { RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { HostPlace } from "./locate.ts";
import type { ErrorOutcome } from "./outcome.ts";
import type { SetupWorld } from "./world.ts";

const atOnce = 16;

export interface EachHost<Outcome> {
  readonly outcomes: readonly Outcome[];
  /** 0 when all went well; the common code of those that did not, else 1. */
  readonly exitCode: number;
}

/**
 * Does one thing on every host, sixteen at a time. With one host its error is the command's; with several it
 * stands inside that host's outcome and stops no other.
 */
export async function onEachHost<Outcome, Where extends HostPlace>(
  places: readonly Where[],
  world: Pick<SetupWorld, "emit" | "signal">,
  act: (place: Where) => Promise<Outcome>,
  failed: (host: string, error: ErrorOutcome) => Outcome,
): Promise<EachHost<Outcome>> {
  const limit = pLimit(atOnce);
  const codes: number[] = [];
  const run = async (place: Where): Promise<Outcome> => {
    try {
      world.signal.throwIfAborted();
      const outcome = await act(place);
      if (places.length > 1) world.emit({ event: "host-done", host: place.name, ok: true });
      return outcome;
    } catch (error) {
      if (places.length === 1) throw error;
      world.emit({ event: "host-done", host: place.name, ok: false });
      const known = toRegctlError(error);
      codes.push(exitCodeOf[known.code]);
      return failed(place.name, errorOutcome(known));
    }
  };
  const outcomes = await Promise.all(places.map((place) => limit(run, place)));
  world.signal.throwIfAborted();
  const [first = 0] = codes;
  return { outcomes, exitCode: codes.every((code) => code === first) ? first : 1 };
}

function errorOutcome(error: RegctlError): ErrorOutcome {
  const { code, message, remedies } = explain(error);
  return { code, message, remedies };
}

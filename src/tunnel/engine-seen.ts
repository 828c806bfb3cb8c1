import type { Destination } from "../ports.ts";
import { renderDestination } from "../ssh/connection.ts";
import type { EngineLanding } from "./engine-landing.ts";
import type { EngineSide } from "./engine-side.ts";

/** What the document says of the engine. */
export interface EngineSeen {
  readonly side: EngineSide["side"];
  /** As people call it, and what told where it is; null where there is none. */
  readonly name: string | null;
  readonly why: string | null;
  /** As the engine would call the registry; null where it does not reach it. */
  readonly registry: string | null;
  /** The engine's settings do not trust that name by themselves. */
  readonly insecure: boolean;
}

/** `at`: where it is listened for the engine on its own host. Pure. */
export function seeEngine(
  { side, problem }: Pick<EngineLanding, "side" | "problem">,
  at: Destination | null,
  port: number,
): EngineSeen {
  const known = side.side === "none" ? { name: null, why: null } : { name: side.engine, why: side.why };
  return { side: side.side, ...known, ...registryFor(side, problem === null, at, port) };
}

function registryFor(side: EngineSide, well: boolean, at: Destination | null, port: number) {
  const local = { registry: `localhost:${port}`, insecure: false };
  const nowhere = { registry: null, insecure: false };
  switch (side.side) {
    case "here":
      return local;
    case "there":
      if (!well) return nowhere;
      // Without a listener of ours it meets the registry by itself.
      return at === null
        ? local
        : { ...local, registry: renderDestination(at).replace("127.0.0.1", "localhost") };
    case "apart":
      return side.bridge === null ? nowhere : { registry: `${side.bridge}:${port}`, insecure: true };
    default:
      return nowhere;
  }
}

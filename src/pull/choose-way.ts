/** Through the engine, or straight from the registry into it? Pure. */
import type { ProbeVerdict } from "../engine/probe.ts";

export type Way = "engine" | "direct";

export interface WayFacts {
  /** `--via`. */
  readonly asked: Way | null;
  /** The registry is one of this machine alone. */
  readonly loopback: boolean;
  /** The engine runs on this machine. */
  readonly engineHere: boolean;
  /** What the engine said when it was made to ask the registry; null when it was not asked. */
  readonly verdict: ProbeVerdict | null;
  /** The reference names a digest, which only the engine's own pull lets it remember. */
  readonly byDigest: boolean;
}

export interface ChosenWay {
  readonly way: Way;
  /** A sentence without its full stop. */
  readonly why: string;
}

const why: Readonly<Record<Exclude<ProbeVerdict, "trusted">, string>> = {
  protocol: "the engine does not take plain HTTP from this registry",
  trust: "the engine does not accept the registry's certificate",
  unreachable: "the engine does not reach the registry",
  unsupported: "the engine cannot be asked whether it trusts the registry",
  unknown: "nobody can tell whether the engine trusts the registry",
};

/** Without an answer of the engine it is not relied on, except for what only its own pull brings. */
export function chooseWay({ asked, loopback, engineHere, verdict, byDigest }: WayFacts): ChosenWay {
  if (asked !== null) return { way: asked, why: `--via ${asked} says so` };
  if (loopback && !engineHere) {
    return { way: "direct", why: "the engine is on another machine, where this address is another registry" };
  }
  if (verdict === "trusted") return { way: "engine", why: "the engine trusts the registry" };
  const open = verdict === null || verdict === "unsupported" || verdict === "unknown";
  if (open && byDigest) return { way: "engine", why: "the engine's own pull lets it remember the digest" };
  return { way: "direct", why: why[verdict ?? "unknown"] };
}

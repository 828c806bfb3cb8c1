import { RegctlError } from "../../errors.ts";
import { findNearest } from "../../explain/nearest.ts";
import type { ChangeRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import { parseJournal } from "../journal.ts";
import { standingEntries } from "../plan-undo.ts";
import { docker } from "./docker.ts";
import type { EngineKind } from "./engine-kind.ts";
import { engineKinds } from "./table.ts";

export interface ChosenEngine {
  readonly engine: EngineKind;
  /** Others that are there and are told nothing, one sentence each. */
  readonly notes: readonly string[];
}

/** The engine that was named, that was told before, or the first that is there. Pure. */
export function chooseEngine(
  facts: HostFacts,
  named: string | undefined,
  request: ChangeRequest,
): ChosenEngine {
  if (named !== undefined) return { engine: engineNamed(named), notes: [] };
  const told = request.kind === "undo" ? toldEngines(facts, request.registry) : [];
  // Where none is there, Docker's own errors say what is missing.
  const present = engineKinds.filter((kind) => kind.find(facts) !== null);
  const [engine = docker, ...others] = told.length > 0 ? told : present;
  return {
    engine,
    notes: others.map(
      ({ title, name }) => `${title} is there as well and is left as it is: --engine ${name}`,
    ),
  };
}

/** Whose status is shown: the one that was named, or the first that is there. Pure. */
export function engineToShow(facts: HostFacts, named: string | undefined): EngineKind {
  if (named !== undefined) return engineNamed(named);
  return engineKinds.find((kind) => kind.find(facts) !== null) ?? docker;
}

/** Newest first. */
function toldEngines(facts: HostFacts, registry: string | null): readonly EngineKind[] {
  const entries = standingEntries(parseJournal(facts.journal), registry ?? undefined);
  const names = entries.map(({ engine }) => engine ?? docker.name).reverse();
  return [...new Set(names)].flatMap((name) => engineKinds.find((kind) => kind.name === name) ?? []);
}

/**
 * Judges an `--engine` before any host is asked. Pure.
 * @throws RegctlError USAGE
 */
export function assertEngineName(name: string): void {
  engineNamed(name);
}

function engineNamed(name: string): EngineKind {
  const found = engineKinds.find((kind) => kind.name === name);
  if (found) return found;
  const names = engineKinds.map((kind) => kind.name).sort();
  const nearest = findNearest(name, names);
  throw new RegctlError("USAGE", {
    problem: `There is no engine "${name}" that setup tells. Known: ${names.join(", ")}`,
    ...(nearest === undefined ? {} : { type: `--engine ${nearest}` }),
  });
}

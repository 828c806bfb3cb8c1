import { RegctlError } from "../errors.ts";
import type { ChangeKind } from "./change-request.ts";
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { sameEntry } from "./engine-entry.ts";
import { daemonOf, type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { sha256 } from "./host-files.ts";
import type { JournalEntry } from "./journal.ts";
import { daemonJsonPath } from "./owner.ts";
import type { ChangePlan, Phase, Plan } from "./plan.ts";
import { planBack, planRollback } from "./plan-back.ts";
import { planLiveRestore, requireEngine, restartConsents } from "./plan-parts.ts";
import type { WrittenPlatform } from "./platform.ts";
import { staleNotes } from "./stale-notes.ts";
import { changedByOthers, changesByPath, undoOfPath } from "./undo-edits.ts";

export interface UndoInput {
  readonly registry: string;
  readonly facts: HostFacts;
  readonly platform: WrittenPlatform;
  readonly evidence: readonly string[];
  /** What setup did for this registry and was not taken back yet, oldest first. */
  readonly entries: readonly JournalEntry[];
  /** For `--last`: the texts to bring back, by target; they replace what `remove` would make. */
  readonly texts?: Readonly<Record<string, string | null>>;
}

/** Entries of setup that still stand, of one registry or of all, oldest first. */
export function standingEntries(
  journal: readonly JournalEntry[],
  registry?: string,
): readonly JournalEntry[] {
  return journal.filter(
    (entry) =>
      entry.action !== "undo" &&
      (entry.state === "begun" || entry.state === "done") &&
      (registry === undefined || entry.registry === registry),
  );
}

/**
 * What an undo of a registry takes back, oldest first: also what an undo that was cut short switched on for itself.
 * @param kinds all when left out
 */
export function entriesToUndo(
  journal: readonly JournalEntry[],
  registry: string,
  kinds?: readonly ChangeKind[],
): readonly JournalEntry[] {
  const standing = standingEntries(journal, registry).filter(
    ({ action }) => kinds === undefined || kinds.some((kind) => kind === action),
  );
  return journal.filter(
    (entry) =>
      standing.includes(entry) ||
      (entry.action === "undo" && entry.state === "begun" && entry.registry === registry),
  );
}

/**
 * Plans to take away what setup added and nothing else. Pure.
 * @throws RegctlError CONFIG_BROKEN, ENGINE_UNREACHABLE, PLATFORM_NOT_WRITTEN
 */
export function planUndo(input: UndoInput): Plan {
  const kinds = [...new Set(input.entries.map(({ action }) => action).reverse())].filter((a) => a !== "undo");
  if (kinds.length < 2) return planUndoOfKind(input);
  // One after the other, each on what the one before it leaves.
  let facts = input.facts;
  const plans = kinds.map((kind, index) => {
    const isOf = ({ action }: JournalEntry) =>
      action === kind || (action === "undo" && index === kinds.length - 1);
    const plan = planUndoOfKind({ ...input, facts, entries: input.entries.filter(isOf) });
    facts = afterPlan(facts, plan);
    return plan;
  });
  return together(plans);
}

function together(plans: readonly Plan[]): Plan {
  const changes = plans.filter((plan): plan is ChangePlan => plan.kind === "change");
  const [first] = changes;
  const [nothing] = plans;
  if (first === undefined) {
    if (nothing === undefined) throw new RegctlError("INTERNAL", { what: "an undo of nothing was planned" });
    return nothing;
  }
  const notes = [...new Set(plans.flatMap((plan) => plan.notes))];
  const plan = { ...first, notes, phases: changes.flatMap(({ phases }) => phases) };
  return { ...plan, consents: restartConsents(plan) };
}

function afterPlan(facts: HostFacts, plan: Plan): HostFacts {
  if (plan.kind === "nothing") return facts;
  const files = { ...facts.files };
  for (const { path, after } of plan.phases.flatMap(({ edits }) => edits)) {
    const file = files[path];
    if (file) files[path] = { ...file, text: after, sha256: after === null ? null : sha256(after) };
  }
  return { ...facts, files };
}

function planUndoOfKind(input: UndoInput): Plan {
  const { facts, platform } = input;
  const engine = requireEngine(facts);
  const changes = changesByPath(input.entries);
  const [main] =
    changes.find(([, edits]) => edits.some((edit) => edit.change?.purpose === "list")) ?? changes[0] ?? [];
  const path = main ?? daemonJsonPath(facts);
  const about = {
    host: facts.host,
    platform: platform.name,
    evidence: input.evidence,
    engine: "docker",
    engineVersion: engineVersionOf(facts),
    owner: ownerOf(input, path),
    path,
    notes: changedByOthers(input) as readonly string[],
  };
  if (input.entries.length === 0) return nothingToUndo(input, about);
  const phases = phasesBack(input);
  if (phases.every((phase) => phase.edits.length === 0 && phase.activation.kind === "none")) {
    return { ...about, kind: "nothing", why: "not-there", detail: input.registry };
  }
  const all = sparingContainers(input, engine, phases);
  const isDaemonJson = path === daemonJsonPath(facts);
  const notes = [...about.notes, ...staleNotes(facts, platform, { isDaemonJson }, all)];
  const plan = { ...about, notes, kind: "change" as const, phases: all };
  return { ...plan, consents: restartConsents(plan) };
}

function ownerOf({ facts, platform }: UndoInput, path: string): "file" | "flags" {
  return platform.flagSources(facts).some((source) => source.path === path) ? "flags" : "file";
}

/** Where a restart would stop containers, live-restore is switched on for it, and off again. */
function sparingContainers(
  input: UndoInput,
  engine: EngineFacts,
  phases: readonly Phase[],
): readonly Phase[] {
  const { facts, platform } = input;
  const restart = phases.find((phase) => phase.activation.kind === "restart");
  if (!restart) return phases;
  const first = planLiveRestore(facts, platform, { isDaemonJson: false }, engine, restart.activation);
  if (!first) return phases;
  if (first.edits.length === 0) {
    // A run that was cut short wrote it and never loaded it: from here on the engine has to forget it.
    const loaded = { ...input, facts: { ...facts, engine: { ...engine, liveRestore: true } } };
    return [first, ...withoutStops(phasesBack(loaded))];
  }
  const edited = phases.some(({ edits }) => edits.some((edit) => edit.path === daemonJsonPath(facts)));
  if (edited) return phases;
  return [first, ...withoutStops(phases), ...planRollback([first], platform.service(facts), [])];
}

function phasesBack(input: UndoInput): readonly Phase[] {
  return planBack(changesByPath(input.entries).flatMap(([path, edits]) => undoOfPath(input, path, edits)));
}

function withoutStops(phases: readonly Phase[]): readonly Phase[] {
  return phases.map((phase) =>
    phase.activation.kind === "restart" ? { ...phase, activation: { ...phase.activation, stops: 0 } } : phase,
  );
}

function nothingToUndo(
  input: UndoInput,
  about: Omit<Plan & { kind: "nothing" }, "kind" | "why" | "detail">,
): Plan {
  const { facts, registry } = input;
  const path = daemonJsonPath(facts);
  const flags = parseDaemonArguments(daemonOf(facts)?.argv ?? []).insecureRegistries;
  const inForce = [...(facts.engine?.insecure ?? []), ...flags];
  const listed = registry !== "" && inForce.some((entry) => sameEntry(entry, registry));
  return { ...about, path, kind: "nothing", why: listed ? "not-ours" : "not-there", detail: registry };
}

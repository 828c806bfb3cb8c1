import { RegctlError } from "../errors.ts";
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { sameEntry } from "./engine-entry.ts";
import { daemonOf, type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { daemonJson, emptied } from "./formats/daemon-json.ts";
import { removeKey } from "./formats/daemon-json-key.ts";
import { insecureRegistries, type ListFormat } from "./formats/format.ts";
import type { JournalEdit, JournalEntry } from "./journal.ts";
import { daemonJsonPath, fileOf, readList } from "./owner.ts";
import type { ListChange, Phase, Plan } from "./plan.ts";
import type { Back } from "./plan-back.ts";
import { expectGone, forgettingText, planBack, planRollback } from "./plan-back.ts";
import { editOf, planActivation, planLiveRestore, requireEngine, restartConsents } from "./plan-insecure.ts";
import type { FlagSource, WrittenPlatform } from "./platform.ts";
import { staleNotes } from "./stale-notes.ts";

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

/** What an undo of a registry takes back, oldest first: also what an undo that was cut short switched on for itself. */
export function entriesToUndo(journal: readonly JournalEntry[], registry: string): readonly JournalEntry[] {
  const standing = standingEntries(journal, registry);
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
  const { facts, platform } = input;
  const engine = requireEngine(facts);
  const changes = changesByPath(input.entries);
  const [main] = changes.find(([, edits]) => edits.some((edit) => edit.change?.purpose === "list")) ?? [];
  const path = main ?? daemonJsonPath(facts);
  const about = {
    host: facts.host,
    platform: platform.name,
    evidence: input.evidence,
    engineVersion: engineVersionOf(facts),
    owner: path === daemonJsonPath(facts) ? ("file" as const) : ("flags" as const),
    path,
    notes: [] as readonly string[],
  };
  if (input.entries.length === 0) return nothingToUndo(input, about);
  const phases = phasesBack(input);
  if (phases.every((phase) => phase.edits.length === 0 && phase.activation.kind === "none")) {
    return { ...about, kind: "nothing", why: "not-there", detail: input.registry };
  }
  const all = sparingContainers(input, engine, phases);
  const isDaemonJson = path === daemonJsonPath(facts);
  const notes = staleNotes(facts, platform, { isDaemonJson }, all);
  const plan = { ...about, notes, kind: "change" as const, phases: all };
  return { ...plan, consents: restartConsents(plan) };
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
  return planBack(changesByPath(input.entries).flatMap(([path, edits]) => backOf(input, path, edits)));
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

/** Edits that still may stand, by file, newest first. */
function changesByPath(
  entries: readonly JournalEntry[],
): readonly (readonly [string, readonly JournalEdit[]])[] {
  const byPath = new Map<string, JournalEdit[]>();
  for (const edit of entries.flatMap((entry) => entry.edits)) {
    if (!edit.change) continue;
    byPath.set(edit.path, [edit, ...(byPath.get(edit.path) ?? [])]);
  }
  return [...byPath];
}

function formatOf(input: UndoInput, path: string): Pick<FlagSource, "format" | "reread"> {
  if (path === daemonJsonPath(input.facts)) return { format: daemonJson };
  const source = input.platform.flagSources(input.facts).find((candidate) => candidate.path === path);
  if (source) return source;
  throw new RegctlError("PLATFORM_NOT_WRITTEN", {
    host: input.facts.host,
    platform: input.platform.title,
    evidence: [`setup once wrote ${path}, and this platform does not read that file any more`],
    paste: [`# take ${input.registry} out of ${path} by hand`],
  });
}

function backOf(input: UndoInput, path: string, edits: readonly JournalEdit[]): readonly Back[] {
  const { facts, platform } = input;
  const { format, ...source } = formatOf(input, path);
  readList(facts, path, format, insecureRegistries);
  const current = fileOf(facts, path).text;
  const change = edits[0]?.change;
  if (!change) return [];
  const given = input.texts?.[fileOf(facts, path).target];
  const goal = given === undefined ? withoutChanges(current, format, edits) : given;
  // Somebody else's entry may mean the same: then there is nothing for the engine to forget.
  const gone = goneAlready(facts, change) || keepsEntry(goal, format, change);
  if (goal === current && gone) return [];
  const isDaemonJson = format === daemonJson;
  const engine = requireEngine(facts);
  const activation = gone
    ? ({ kind: "none" } as const)
    : change.purpose === "live-restore"
      ? ({ kind: "reload", command: platform.service(facts).reload } as const)
      : planActivation(facts, platform, { isDaemonJson, source: { path, format, ...source } }, engine);
  return [
    {
      edit: editOf(facts, path, current, goal),
      forget: gone ? null : forgetting(current, goal, change),
      activation,
      expect: expectGone(change, []),
    },
  ];
}

/** The engine may have forgotten it already, when a run was ended between its two writes. */
function goneAlready(facts: HostFacts, change: ListChange): boolean {
  const engine = requireEngine(facts);
  if (change.purpose === "live-restore") return !engine.liveRestore;
  return !engine.insecure.some((entry) => sameEntry(entry, change.entry));
}

function withoutChanges(
  current: string | null,
  format: ListFormat,
  edits: readonly JournalEdit[],
): string | null {
  let text = current;
  for (const { change } of edits) {
    if (text === null || !change) continue;
    text =
      change.purpose === "list"
        ? format.remove(text, insecureRegistries, change.entry, change.note)
        : removeKey(text, change.entry, change.note);
  }
  return text;
}

/** A backup may hold the entry itself, when it stood there before by other hands. */
function keepsEntry(goal: string | null, format: ListFormat, change: ListChange): boolean {
  if (change.purpose !== "list") return false;
  return format.read(goal, insecureRegistries).entries.some((entry) => sameEntry(entry, change.entry));
}

function forgetting(current: string | null, goal: string | null, change: ListChange): string | null {
  if (change.format !== "daemon.json") return null;
  const usual = forgettingText(current, change);
  if (usual !== null || change.purpose !== "list") return usual;
  if (daemonJson.read(goal, insecureRegistries).present) return null;
  // The key is gone from the file by other hands, and the engine still holds the entry: it is told an empty list.
  const told = daemonJson.add(current, insecureRegistries, change.entry);
  return emptied(told.text, insecureRegistries, change.entry, told.note);
}

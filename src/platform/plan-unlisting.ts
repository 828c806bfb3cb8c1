/** Taking a registry out of the list of insecure ones, whoever put it there. Pure. */
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { sameEntry } from "./engine-entry.ts";
import { daemonOf, type HostFacts } from "./facts.ts";
import { daemonJson, emptied } from "./formats/daemon-json.ts";
import { insecureRegistries, type UndoNote, unchanged } from "./formats/format.ts";
import type { JournalEntry } from "./journal.ts";
import { fileOf, type ListOwner } from "./owner.ts";
import type { Activation, Change, Consent, Phase } from "./plan.ts";
import { phasesBackOf } from "./plan-back.ts";
import { editOf } from "./plan-parts.ts";
import type { WrittenPlatform } from "./platform.ts";
import { forgetting } from "./undo-edits.ts";

interface UnlistingInput {
  readonly facts: HostFacts;
  readonly owner: ListOwner;
  readonly registry: string;
  readonly activation: Activation;
  /** What setup did for this registry and what still stands. */
  readonly standing: readonly JournalEntry[];
}

export const noUnlisting: { readonly phases: readonly Phase[]; readonly consents: readonly Consent[] } = {
  phases: [],
  consents: [],
};

/**
 * The file of flags from which an earlier run took the entry, and which was ended before the engine started anew: the
 * flag is still in force, and no file passes it. Null where that is not so.
 */
export function interruptedOwner(
  { facts, registry, standing }: Pick<UnlistingInput, "facts" | "registry" | "standing">,
  platform: WrittenPlatform,
): ListOwner | null {
  const flags = parseDaemonArguments(daemonOf(facts)?.argv ?? []).insecureRegistries;
  if (flags.length === 0 || !flags.every((entry) => sameEntry(entry, registry))) return null;
  const touched = standing
    .flatMap(({ edits }) => edits)
    .filter(({ change }) => change?.purpose === "list" || change?.purpose === "unlist")
    .map(({ path }) => path);
  const source = platform.flagSources(facts).find(({ path }) => touched.includes(path));
  if (source === undefined) return null;
  const { entries } = source.format.read(fileOf(facts, source.path).text, insecureRegistries);
  return entries.length > 0 ? null : { owner: "flags", source, isDaemonJson: false, listed: [] };
}

/** `theirs`: an entry stands in the file that setup has not put there. */
export function planUnlisting(input: UnlistingInput): {
  readonly phases: readonly Phase[];
  readonly theirs: boolean;
} {
  const { facts, owner, registry, activation } = input;
  const { path, format } = owner.source;
  const before = fileOf(facts, path).text;
  const spelled = owner.listed.filter((entry) => sameEntry(entry, registry));
  const notes = spelled.map((entry) => noteOf(input, entry));
  const goal = spelled.reduce(
    (text, entry, index) =>
      text === null ? null : format.remove(text, insecureRegistries, entry, notes[index]),
    before,
  );
  const [entry = registry] = spelled;
  const theirs = notes.some((note) => note === undefined);
  const change: Change = {
    purpose: "unlist",
    format: format.name,
    entry,
    note: { kind: "whole", before, after: goal },
    ...(theirs ? {} : { ours: true }),
  };
  const edit = editOf(facts, path, before, goal, spelled.length > 0 ? change : undefined);
  const forget = format === daemonJson ? forgetTextOf(registry, before, goal, spelled, notes) : null;
  const expect = { listed: Object.fromEntries([registry, ...spelled].map((each) => [plainOf(each), false])) };
  return {
    phases: phasesBackOf({ edit, forget, activation, expect }, "take it out of the insecure list"),
    theirs,
  };
}

/** The engine shows an entry without its scheme. */
function plainOf(entry: string): string {
  return entry.replace(/^https?:\/\//i, "");
}

function noteOf({ standing, owner }: UnlistingInput, entry: string): UndoNote | undefined {
  return standing
    .flatMap(({ edits }) => edits)
    .findLast(
      ({ path, change }) =>
        path === owner.source.path && change?.purpose === "list" && change.entry === entry,
    )?.change?.note;
}

function forgetTextOf(
  registry: string,
  before: string | null,
  goal: string | null,
  spelled: readonly string[],
  notes: readonly (UndoNote | undefined)[],
): string | null {
  // Several spellings are one list that stays with its key, or the last of them to go.
  const last = spelled.at(-1);
  const left = spelled
    .slice(0, -1)
    .reduce(
      (text, entry, at) => text && daemonJson.remove(text, insecureRegistries, entry, notes[at]),
      before,
    );
  if (left !== null && last !== undefined) return emptied(left, insecureRegistries, last, notes.at(-1));
  // Only the engine still holds it.
  return forgetting(before, goal, {
    purpose: "list",
    format: daemonJson.name,
    entry: registry,
    note: unchanged,
  });
}

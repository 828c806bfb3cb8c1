/** How each edit of the journal is taken back, by what it was for. Pure. */
import { RegctlError } from "../errors.ts";
import { sameEntryOf } from "./engine-entry.ts";
import { daemonJson, emptied } from "./formats/daemon-json.ts";
import { removeKey } from "./formats/daemon-json-key.ts";
import { type ListFormat, settingOf } from "./formats/format.ts";
import { sha256 } from "./host-files.ts";
import type { JournalEdit, JournalEntry } from "./journal.ts";
import { daemonFormatOf, daemonJsonPath, fileOf, readList } from "./owner.ts";
import type { Activation, Change } from "./plan.ts";
import { type Back, expectGone, forgettingText } from "./plan-back.ts";
import { editOf, planActivation, requireEngine } from "./plan-parts.ts";
import type { UndoInput } from "./plan-undo.ts";
import type { FlagSource } from "./platform.ts";
import { systemStoreOf } from "./trust/system-store.ts";

/** Edits that still may stand, by file, newest first. */
export function changesByPath(
  entries: readonly JournalEntry[],
): readonly (readonly [string, readonly JournalEdit[]])[] {
  const byPath = new Map<string, JournalEdit[]>();
  for (const edit of entries.flatMap((entry) => entry.edits)) {
    if (!edit.change) continue;
    byPath.set(edit.path, [edit, ...(byPath.get(edit.path) ?? [])]);
  }
  return [...byPath];
}

export function undoOfPath(input: UndoInput, path: string, edits: readonly JournalEdit[]): readonly Back[] {
  const [newest] = edits;
  if (newest?.change?.purpose === "file") return backOfFile(input, path, edits);
  // What went out in favour of something better comes back with the text as a whole alone.
  const counting = input.texts === undefined ? edits.filter(({ change }) => change?.ours !== true) : edits;
  return backOfText(input, path, counting);
}

/** Files of setup's own that somebody else has changed since: they stay. */
export function changedByOthers({ facts, entries }: UndoInput): readonly string[] {
  return changesByPath(entries).flatMap(([path, edits]) => {
    const file = fileOf(facts, path);
    const isFile = edits[0]?.change?.purpose === "file";
    return isFile && file.text !== null && !isOurs(file.text, edits)
      ? [`${path} was changed by others since setup put it there: it stays`]
      : [];
  });
}

function isOurs(text: string, edits: readonly JournalEdit[]): boolean {
  const now = sha256(text);
  return edits.some(({ afterSha }) => afterSha === now);
}

function backOfFile(input: UndoInput, path: string, edits: readonly JournalEdit[]): readonly Back[] {
  const { facts } = input;
  const { text: current, target } = fileOf(facts, path);
  const given = input.texts?.[target];
  const goal = given === undefined ? null : given;
  if (current === null || current === goal || !isOurs(current, edits)) return [];
  const folders = edits.findLast((edit) => edit.folders !== undefined)?.folders;
  const secret = path.endsWith(".key") ? { secret: true as const } : {};
  const edit = { ...editOf(facts, path, current, goal), ...secret, ...(folders ? { folders } : {}) };
  const store = systemStoreOf(path);
  const activation: Activation = store
    ? { kind: "command", commands: [store.collect] }
    : takesAtStart(input, path);
  return [{ edit, forget: null, activation, expect: { listed: {} }, own: true }];
}

/** An engine in a virtual machine gets its authorities when it starts. */
function takesAtStart({ facts, platform }: UndoInput, path: string): Activation {
  if (!path.endsWith(".crt") || platform.home?.(facts).inVm !== true) return { kind: "none" };
  const source = { path: daemonJsonPath(facts), format: daemonFormatOf(facts) };
  return planActivation(facts, platform, { isDaemonJson: true, source }, requireEngine(facts));
}

function formatOf(input: UndoInput, path: string, { format }: Change): Pick<FlagSource, "format" | "reread"> {
  if (path === daemonJsonPath(input.facts)) return { format: daemonFormatOf(input.facts) };
  const sources = input.platform.flagSources(input.facts).filter((candidate) => candidate.path === path);
  const source = sources.find((candidate) => candidate.format.name === format) ?? sources[0];
  if (source) return source;
  throw new RegctlError("PLATFORM_NOT_WRITTEN", {
    host: input.facts.host,
    platform: input.platform.title,
    evidence: [`setup once wrote ${path}, and this platform does not read that file any more`],
    paste: [`# take ${input.registry} out of ${path} by hand`],
  });
}

function backOfText(input: UndoInput, path: string, edits: readonly JournalEdit[]): readonly Back[] {
  const { facts, platform } = input;
  const change = edits[0]?.change;
  if (!change) return [];
  const { format, ...source } = formatOf(input, path, change);
  const setting = settingOf(change.setting);
  readList(facts, path, format, setting);
  const current = fileOf(facts, path).text;
  const given = input.texts?.[fileOf(facts, path).target];
  const goal = given === undefined ? withoutChanges(current, format, edits) : given;
  // Somebody else's entry may mean the same: then there is nothing for the engine to forget.
  const gone = goneAlready(input, change) || keepsEntry(goal, format, change);
  if (goal === current && gone) return [];
  const isDaemonJson = path === daemonJsonPath(facts);
  const engine = requireEngine(facts);
  const owner = { isDaemonJson, source: { path, format, ...source } };
  const { reload } = platform.service(facts);
  const activation: Activation = gone
    ? { kind: "none" }
    : change.purpose === "live-restore" && reload !== null
      ? { kind: "reload", command: reload }
      : planActivation(facts, platform, owner, engine, setting);
  return [
    {
      edit: editOf(facts, path, current, goal),
      forget: gone ? null : forgetting(current, goal, change),
      activation,
      expect: expectGone(change, []),
    },
  ];
}

/** The engine may be as it was already, when a run was ended between its two writes. */
function goneAlready({ facts }: UndoInput, change: Change): boolean {
  const engine = requireEngine(facts);
  if (change.purpose === "live-restore") return !engine.liveRestore;
  const setting = settingOf(change.setting);
  const held = setting.key === "registry-mirrors" ? engine.mirrors : engine.insecure;
  const holds = held.some((entry) => sameEntryOf(setting, entry, change.entry));
  return change.purpose === "unlist" ? holds : !holds;
}

function withoutChanges(
  current: string | null,
  format: ListFormat,
  edits: readonly JournalEdit[],
): string | null {
  let text = current;
  for (const { change } of edits) {
    if (!change) continue;
    if (change.purpose === "unlist") text = putBack(text, format, change);
    else if (text !== null) text = withoutChange(text, format, change);
  }
  return text;
}

function withoutChange(text: string, format: ListFormat, change: Change): string | null {
  return change.purpose === "list"
    ? format.remove(text, settingOf(change.setting), change.entry, change.note)
    : removeKey(text, change.entry, change.note);
}

/** An entry of somebody else's that was taken out: the very text from before where nobody changed it since. */
function putBack(text: string | null, format: ListFormat, { setting, entry, note }: Change): string | null {
  if (note.kind === "whole" && note.after === text) return note.before;
  return format.add(text, settingOf(setting), entry).text;
}

/** A backup may hold the entry itself, when it stood there before by other hands. */
function keepsEntry(goal: string | null, format: ListFormat, change: Change): boolean {
  if (change.purpose !== "list") return false;
  const setting = settingOf(change.setting);
  return format.read(goal, setting).entries.some((entry) => sameEntryOf(setting, entry, change.entry));
}

/**
 * The text to load first, so that the engine forgets an entry that the goal no longer holds; null where one write
 * does. Also for an entry that is gone from the file by other hands and that the engine still holds.
 */
export function forgetting(current: string | null, goal: string | null, change: Change): string | null {
  if (change.format !== "daemon.json") return null;
  const usual = forgettingText(current, change);
  if (usual !== null || change.purpose !== "list") return usual;
  const setting = settingOf(change.setting);
  if (daemonJson.read(goal, setting).present) return null;
  // The key is gone from the file by other hands, and the engine still holds the entry: it is told an empty list.
  const told = daemonJson.add(current, setting, change.entry);
  return emptied(told.text, setting, change.entry, told.note);
}

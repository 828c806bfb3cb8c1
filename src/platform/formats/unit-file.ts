/**
 * Flags in a systemd unit or drop-in: at the end of the ExecStart= that counts, or in a variable that
 * Environment= sets for it (Flatcar's DOCKER_OPTS).
 */
import {
  appendLine,
  dropLine,
  flagFor,
  noteOfText,
  readFlags,
  refusedFlag,
  splitQuoted,
  valueWithout,
  withFlag,
  withoutFlag,
} from "./flag-text.ts";
import type { Edited, ListFormat, Listing, Setting, UndoNote } from "./format.ts";
import { broken, lineEndOf, misuse, problemAt, splice, unchanged } from "./format.ts";
import type { UnitSetting, UnitWord } from "./unit-text.ts";
import { parseUnit, unitWords } from "./unit-text.ts";

/** A piece of the text, [start, end), that holds flags; how it is split, lengthened and shortened. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly words: (raw: string) => readonly string[];
  readonly grow: (raw: string, flag: string) => string | null;
  readonly cut: (raw: string, setting: Setting, entry: string) => string;
}

interface Found {
  readonly places: readonly Place[];
  readonly fault?: { readonly offset: number; readonly problem: string };
}

/** Flags where they stand already: in ExecStart=, or in `DOCKER_OPTS` of Environment=. */
export const unitFile: ListFormat = formatOf(
  "systemd unit",
  (text) => findPlaces(text, "DOCKER_OPTS", true),
  null,
);

/** A variable of Environment= alone; where it is not set yet, a line is added that sets it. */
export function unitEnvironment(variable: string): ListFormat {
  return formatOf(`systemd unit with ${variable}`, (text) => findPlaces(text, variable, false), variable);
}

function formatOf(name: string, find: (text: string) => Found, variable: string | null): ListFormat {
  const read = (text: string | null, setting: Setting): Listing =>
    text === null ? { entries: [], present: false } : readPlaces(text, find(text), setting);
  const add: ListFormat["add"] = (text, setting, entry, earlier = []) => {
    const listing = read(text, setting);
    if (listing.problem !== undefined) throw misuse(name, listing.problem);
    if (text !== null && listing.entries.includes(entry)) return { text, note: unchanged };
    const flag = flagFor(setting, entry);
    const places = text === null ? [] : find(text).places;
    const holding = places.find((place) => readPlaces(text ?? "", { places: [place] }, setting).present);
    const place = holding ?? places[0];
    if (text !== null && place !== undefined) return growPlace(text, place, flag, earlier);
    if (variable !== null) return addVariable(text, variable, flag, earlier);
    throw misuse(name, problemAt(text ?? "", 0, "no ExecStart= stands there"));
  };
  const remove: ListFormat["remove"] = (text, setting, entry, note) => {
    if (note?.kind === "unchanged") return text;
    const { problem } = read(text, setting);
    if (problem !== undefined) throw misuse(name, problem);
    const rest = withoutLine(text, note) ?? withoutEntry(text, find(text).places, setting, entry, note);
    return rest === "" && text !== "" && note?.kind === "text" && note.created ? null : rest;
  };
  return { name, read, add, remove };
}

function readPlaces(text: string, { places, fault }: Found, setting: Setting): Listing {
  if (fault !== undefined) return broken(text, fault.offset, fault.problem);
  const lists = places.map((place) => readFlags(place.words(text.slice(place.start, place.end)), setting));
  const entries = lists.flatMap((list) => list.entries);
  const refused = refusedFlag(entries, setting);
  if (refused !== null) return broken(text, places[0]?.start ?? 0, refused);
  return { entries, present: lists.some((list) => list.present) };
}

function findPlaces(text: string, variable: string, withCommand: boolean): Found {
  const { settings } = parseUnit(text);
  const command = withCommand ? findCommand(text, effective(text, settings, "ExecStart")) : { places: [] };
  const environment = findVariable(text, effective(text, settings, "Environment"), variable);
  const fault = command.fault ?? environment.fault;
  return { places: [...command.places, ...environment.places], ...(fault === undefined ? {} : { fault }) };
}

/** An empty value forgets what was set before it. */
function effective(text: string, settings: readonly UnitSetting[], key: string): UnitSetting[] {
  const own = settings.filter((setting) => setting.section === "Service" && setting.key === key);
  const reset = own.findLastIndex(({ valueStart, end }) => text.slice(valueStart, end).trim() === "");
  return own.slice(reset + 1);
}

function findCommand(text: string, lines: readonly UnitSetting[]): Found {
  const [line, second] = lines;
  if (line === undefined) return { places: [] };
  if (second !== undefined) {
    return {
      places: [],
      fault: { offset: second.start, problem: "a second ExecStart= without an empty one before it" },
    };
  }
  const words = unitWords(text, line.valueStart, line.end);
  const problem = problemOfCommand(words.map((word) => word.value));
  if (problem !== null) return { places: [], fault: { offset: line.valueStart, problem } };
  const place: Place = {
    start: line.valueStart,
    end: words.at(-1)?.end ?? line.end,
    words: (raw) => unitWords(raw, 0, raw.length).map((word) => word.value),
    grow: (raw, flag) => `${raw} ${flag}`,
    cut: cutWords,
  };
  return { places: [place] };
}

/** Flags put after the command have to reach the engine: no shell in between, no second command behind. */
function problemOfCommand(words: readonly string[]): string | null {
  const engine = words.findIndex((word) => /(?:^|[/@:+!-])docker[\w.-]*$/.test(word));
  if (engine < 0 || words.slice(0, engine).includes("-c"))
    return "this ExecStart= does not start dockerd itself";
  return words.includes(";") ? "this ExecStart= holds several commands" : null;
}

function cutWords(raw: string, { flag }: Setting, entry: string): string {
  const words = unitWords(raw, 0, raw.length);
  let rest = raw;
  for (const [index, word] of [...words.entries()].reverse()) {
    const next = words[index + 1];
    const last =
      word.value === `${flag}=${entry}` ? word : word.value === flag && next?.value === entry ? next : null;
    if (last !== null) rest = splice(rest, words[index - 1]?.end ?? word.start, last.end, "");
  }
  return rest;
}

/** The variable's last setting, among all words of all lines. */
function findVariable(text: string, lines: readonly UnitSetting[], variable: string): Found {
  const prefix = `${variable}=`;
  const word = lines
    .flatMap((line): UnitWord[] => unitWords(text, line.valueStart, line.end))
    .findLast(({ value }) => value.startsWith(prefix));
  if (word === undefined) return { places: [] };
  const grow: Place["grow"] = (raw, flag) => {
    const bare = raw.startsWith(prefix) ? prefix : "";
    const grown = withFlag(raw.slice(bare.length), flag);
    return grown === null ? null : `${bare}${grown}`;
  };
  if (grow(text.slice(word.start, word.end), "--x") === null) {
    return {
      places: [],
      fault: { offset: word.start, problem: `${variable} is quoted in a way that cannot be added to` },
    };
  }
  const words = (raw: string): readonly string[] =>
    splitQuoted((unitWords(raw, 0, raw.length)[0]?.value ?? prefix).slice(prefix.length));
  return { places: [{ start: word.start, end: word.end, words, grow, cut: withoutFlag }] };
}

function growPlace(
  text: string,
  { start, end, grow }: Place,
  flag: string,
  earlier: readonly UndoNote[],
): Edited {
  const before = text.slice(start, end);
  const after = grow(before, flag) ?? before;
  return { text: splice(text, start, end, after), note: noteOfText(before, after, false, earlier) };
}

function addVariable(
  text: string | null,
  variable: string,
  flag: string,
  earlier: readonly UndoNote[],
): Edited {
  const line = `Environment="${variable}=${flag}"`;
  const eol = lineEndOf(text ?? "");
  const { serviceEnd } = parseUnit(text ?? "");
  if (text !== null && serviceEnd >= 0) {
    const own = /^\r?\n/.exec(text.slice(serviceEnd))?.[0] ?? "";
    const at = serviceEnd + own.length;
    const added = splice(text, at, at, own === "" ? `${eol}${line}` : `${line}${own}`);
    return { text: added, note: noteOfText(null, line, false, earlier) };
  }
  const header = "[Service]";
  const added = appendLine(text, `${header}${eol}${line}`, eol);
  return { text: added, note: noteOfText(null, line, text === null, earlier, header) };
}

/** Without the line that `add` brought, where it still stands as it was left. */
function withoutLine(text: string, note: UndoNote | undefined): string | undefined {
  if (note?.kind !== "text" || note.before !== null) return undefined;
  const line = parseUnit(text).settings.findLast(({ start, end }) => text.slice(start, end) === note.after);
  return line === undefined ? undefined : dropSetting(text, line, note);
}

/** A header of ours goes with the line when nothing came to stand below it. */
function dropSetting(text: string, { start, end }: UnitSetting, note: UndoNote | undefined): string {
  const rest = dropLine(text, start, end);
  if (note?.kind !== "text" || note.header === undefined) return rest;
  const lead = /(?:^|(?<=\n))([^\r\n]*)\r?\n$/.exec(text.slice(0, start));
  const alone = /^\s*(?:$|\[)/.test(text.slice(end));
  if (lead?.[1] !== note.header || !alone) return rest;
  return dropLine(rest, lead.index, lead.index + note.header.length);
}

function withoutEntry(
  text: string,
  places: readonly Place[],
  setting: Setting,
  entry: string,
  note: UndoNote | undefined,
): string {
  const fromTheEnd = places.toSorted((one, other) => other.start - one.start);
  return fromTheEnd.reduce((rest, { start, end, words, cut }) => {
    const raw = rest.slice(start, end);
    if (!readFlags(words(raw), setting).entries.includes(entry)) return rest;
    const left = valueWithout(raw, note, cut(raw, setting, entry), words);
    if (left !== null) return splice(rest, start, end, left);
    const line = parseUnit(rest).settings.find((each) => each.start <= start && end <= each.end);
    return line === undefined ? rest : dropSetting(rest, line, note);
  }, text);
}

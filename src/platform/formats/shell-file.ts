/**
 * A variable of flags in a file that sh sources: `/etc/default/docker` where an init script or upstart reads it.
 * What people wrote is never rewritten: one line of ours at the end adds to whatever stands above it.
 */
import {
  appendLine,
  dropLine,
  flagFor,
  noteOfText,
  readFlags,
  refusedFlag,
  splitAtSpaces,
  withoutFlag,
} from "./flag-text.ts";
import type { Edited, ListFormat, Listing, Setting, UndoNote } from "./format.ts";
import { broken, misuse, splice, unchanged } from "./format.ts";
import type { ShAssignment } from "./sh-text.ts";
import { parseShText } from "./sh-text.ts";

const marker = "# added by regctl";

/** A line of the text, [start, end) without its line end. */
interface Line {
  readonly start: number;
  readonly end: number;
  readonly line: string;
}

export function shellFile(variable: string): ListFormat {
  const name = `shell file with ${variable}`;
  const read = (text: string | null, setting: Setting): Listing => readVariable(text, setting, variable);
  const add: ListFormat["add"] = (text, setting, entry, earlier = []) => {
    const listing = read(text, setting);
    if (listing.problem !== undefined) throw misuse(name, listing.problem);
    if (text !== null && listing.entries.includes(entry)) return { text, note: unchanged };
    return addLine(text, setting, entry, variable, earlier);
  };
  const remove: ListFormat["remove"] = (text, setting, entry, note) => {
    if (note?.kind === "unchanged") return text;
    const { problem } = read(text, setting);
    if (problem !== undefined) throw misuse(name, problem);
    const rest = withoutEntry(text, setting, entry, variable, note);
    return rest === "" && text !== "" && note?.kind === "text" && note.created ? null : rest;
  };
  return { name, read, add, remove };
}

function readVariable(text: string | null, setting: Setting, variable: string): Listing {
  if (text === null) return { entries: [], present: false };
  const { values, assignments, fault } = parseShText(text, variable);
  if (fault !== undefined) return broken(text, fault.offset, fault.problem);
  // Unlike systemd, sh does not look for quotes in what an unquoted variable expands to.
  const flags = readFlags(splitAtSpaces(values.get(variable) ?? ""), setting);
  const refused = refusedFlag(flags.entries, setting);
  if (refused === null) return flags;
  return broken(text, assignments.findLast(({ name }) => name === variable)?.start ?? 0, refused);
}

/** Lengthens our line where that takes effect; where a later line overrules it, or there is none, adds one. */
function addLine(
  text: string | null,
  setting: Setting,
  entry: string,
  variable: string,
  earlier: readonly UndoNote[],
): Edited {
  const flag = flagFor(setting, entry);
  const own = text === null ? undefined : managedLines(text, variable).at(-1);
  if (text !== null && own !== undefined) {
    const after = own.line.replace(`" ${marker}`, ` ${flag}" ${marker}`);
    const longer = splice(text, own.start, own.end, after);
    if (readVariable(longer, setting, variable).entries.includes(entry)) {
      return { text: longer, note: noteOfText(own.line, after, false, earlier) };
    }
  }
  const after = `${variable}="$${variable} ${flag}" ${marker}`;
  return { text: appendLine(text, after, "\n"), note: noteOfText(null, after, text === null, earlier) };
}

function managedLines(text: string, variable: string): Line[] {
  const pattern = new RegExp(`^${variable}="\\$${variable}(?: --[a-z-]+ [^\\s"$\`\\\\]+)+" ${marker}$`, "gm");
  const starts = new Set(parseShText(text, variable).assignments.map(({ start }) => start));
  // What only looks like our line, in somebody's quoted text, is no assignment.
  return [...text.matchAll(pattern)]
    .map((match) => ({ start: match.index, end: match.index + match[0].length, line: match[0] }))
    .filter(({ start }) => starts.has(start));
}

/** First the very line that `add` left, then any line of ours, and only then what people wrote. */
function withoutEntry(
  text: string,
  setting: Setting,
  entry: string,
  variable: string,
  note: UndoNote | undefined,
): string {
  const lines = managedLines(text, variable);
  const left = note?.kind === "text" ? lines.findLast(({ line }) => line === note.after) : undefined;
  if (left !== undefined && note?.kind === "text") return putLine(text, left, note.before);
  let rest = text;
  for (const line of lines.toReversed()) {
    const shorter = withoutFlag(line.line, setting, entry);
    if (shorter !== line.line) rest = putLine(rest, line, shorter.includes(" --") ? shorter : null);
  }
  if (note !== undefined && rest !== text) return rest;
  const { assignments } = parseShText(rest, variable);
  return assignments
    .filter(({ name }) => name === variable)
    .toReversed()
    .reduce((result, assignment) => cutFrom(result, assignment, setting, entry), rest);
}

function putLine(text: string, { start, end }: Line, line: string | null): string {
  return line === null ? dropLine(text, start, end) : splice(text, start, end, line);
}

function cutFrom(text: string, { valueStart, end }: ShAssignment, setting: Setting, entry: string): string {
  return splice(text, valueStart, end, withoutFlag(text.slice(valueStart, end), setting, entry));
}

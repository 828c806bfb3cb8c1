/** A registry list written as flags of dockerd within a longer text: a variable's value or a command line. */
import { RegctlError } from "../../errors.ts";
import { engineWouldRefuse } from "../engine-entry.ts";
import type { Setting, UndoNote } from "./format.ts";

export interface FlagList {
  readonly entries: readonly string[];
  readonly present: boolean;
}

/** The flag's values among the words of a command line, as `--flag value` and `--flag=value`. */
export function readFlags(words: readonly string[], { flag }: Setting): FlagList {
  const entries: string[] = [];
  let present = false;
  for (const [index, word] of words.entries()) {
    const value =
      word === flag ? words[index + 1] : word.startsWith(`${flag}=`) ? word.slice(flag.length + 1) : null;
    if (value === null) continue;
    present = true;
    if (value !== undefined) entries.push(value);
  }
  return { entries, present };
}

/** The first entry that would keep the engine from starting. */
export function refusedFlag(entries: readonly string[], setting: Setting): string | null {
  for (const entry of entries) {
    const refused = engineWouldRefuse(entry, setting);
    if (refused !== null) return `the engine refuses the entry ${JSON.stringify(entry)}: ${refused}`;
  }
  return null;
}

/** The words for one more entry. No character of it may mean anything to a shell or to systemd. */
export function flagFor({ flag }: Setting, entry: string): string {
  if (!/^[A-Za-z0-9._:/[\]-]+$/.test(entry)) {
    throw new RegctlError("INTERNAL", {
      what: `an entry that was never judged was to be written as a flag: ${entry}`,
    });
  }
  return `${flag} ${entry}`;
}

export function splitAtSpaces(value: string): string[] {
  return value.split(/[ \t\r\n]+/).filter((word) => word !== "");
}

/** How systemd makes words of `$VARIABLE` in a command line: at spaces, with quotes and backslashes taken away. */
export function splitQuoted(value: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? "";
    if (quote === "" && /[ \t\r\n]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= "";
    if (char === "\\") word += value[++at] ?? "";
    else if (char === quote) quote = "";
    else if (quote === "" && /["']/.test(char)) quote = char;
    else word += char;
  }
  return word === null ? words : [...words, word];
}

/** A written value with the flag added inside its quotes; null where that is not safe. */
export function withFlag(raw: string, addition: string): string | null {
  const [, lead = "", core = "", tail = ""] = /^([ \t]*)([\s\S]*?)([ \t]*)$/.exec(raw) ?? [];
  if (core === "") return `${lead}"${addition}"${tail}`;
  const quoted = /^"(?:[^"\\]|\\[\s\S])*"$/.test(core) || /^'[^']*'$/.test(core);
  if (quoted) {
    const inner = core.slice(1, -1);
    const gap = inner === "" || /\s$/.test(inner) ? "" : " ";
    return `${lead}${core.slice(0, -1)}${gap}${addition}${core.at(-1)}${tail}`;
  }
  if (/["'`#]|\\(?!\n)/.test(core)) return null;
  return `${lead}"${core} ${addition}"${tail}`;
}

const gap = "(?:[ \\t\\r\\n]|\\\\\\r?\\n)";

/** A written value without the flag, wherever it stands in it, and without the space that led to it. */
export function withoutFlag(raw: string, setting: Setting, entry: string): string {
  const value = entry.replace(/[^A-Za-z0-9]/g, "\\$&");
  const pattern = new RegExp(
    `(^|["'=]|${gap})(${gap}*)${setting.flag}(?:=|${gap}+)(["']?)${value}\\3(?=$|["']|${gap})(${gap}*)`,
  );
  const once = raw.replace(pattern, (_, edge: string, more: string, __, tail: string) =>
    edge === "" || /["'=]/.test(edge) ? `${edge}${more}` : tail,
  );
  return once === raw ? raw : withoutFlag(once, setting, entry);
}

/** What a note says of a piece of text; what was there before our first change is taken over from `earlier`. */
export function noteOfText(
  before: string | null,
  after: string,
  created: boolean,
  earlier: readonly UndoNote[],
  added?: string,
): UndoNote {
  const ours = earlier.filter((note) => note.kind === "text");
  const [first] = ours;
  const header = added ?? ours.find((note) => note.header !== undefined)?.header;
  return {
    kind: "text",
    created: created || ours.some((note) => note.created),
    before,
    after,
    base: first === undefined ? before : first.base,
    ...(header === undefined ? {} : { header }),
  };
}

/**
 * What to leave of a written value when an entry goes; null when the whole assignment was ours. `cut` is the
 * value without the entry. When its words are those from before our first entry, so is their spelling.
 */
export function valueWithout(
  raw: string,
  note: UndoNote | undefined,
  cut: string,
  words: (raw: string) => readonly string[],
): string | null {
  if (note?.kind !== "text") return cut;
  if (raw === note.after) return note.before;
  const base = note.base === null ? [] : words(note.base);
  return JSON.stringify(base) === JSON.stringify(words(cut)) ? note.base : cut;
}

/** A text with a line more at its end; a text without a final line end stays one. */
export function appendLine(text: string | null, line: string, eol: string): string {
  if (text === null || text === "") return `${line}${eol}`;
  return /\n$/.test(text) ? `${text}${line}${eol}` : `${text}${eol}${line}`;
}

/** A text without the line (or logical line) at [start, end), and without one line end. */
export function dropLine(text: string, start: number, end: number): string {
  const eol = /^\r?\n/.exec(text.slice(end))?.[0];
  if (eol !== undefined) return text.slice(0, start) + text.slice(end + eol.length);
  return text.slice(0, start).replace(/\r?\n$/, "") + text.slice(end);
}

/**
 * A variable of flags in a file that a systemd unit reads with `EnvironmentFile=`: `/etc/default/docker`,
 * `/etc/sysconfig/docker`. Some hosts also source such a file with sh, so only what both read alike is written:
 * the one assignment that counts, in plain quotes, without expansion and without a comment.
 */
import type { EnvAssignment, EnvFile } from "./env-file-text.ts";
import { parseEnvFile } from "./env-file-text.ts";
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
import type { ListFormat, Listing, UndoNote } from "./format.ts";
import { broken, lineEndOf, misuse, splice, unchanged } from "./format.ts";

export function environmentFile(variable: string): ListFormat {
  const name = `environment file with ${variable}`;
  const read: ListFormat["read"] = (text, setting) => {
    if (text === null) return { entries: [], present: false };
    const file = parseEnvFile(text);
    const stopped = problemOfFile(text, file, variable);
    if (stopped !== null) return stopped;
    const last = effective(file, variable);
    const flags = readFlags(splitQuoted(last?.value ?? ""), setting);
    const refused = refusedFlag(flags.entries, setting);
    return refused === null ? flags : broken(text, last?.start ?? 0, refused);
  };
  const add: ListFormat["add"] = (text, setting, entry, earlier: readonly UndoNote[] = []) => {
    const listing = read(text, setting);
    if (listing.problem !== undefined) throw misuse(name, listing.problem);
    if (text !== null && listing.entries.includes(entry)) return { text, note: unchanged };
    const flag = flagFor(setting, entry);
    const last = text === null ? undefined : effective(parseEnvFile(text), variable);
    if (text === null || last === undefined) {
      const after = `"${flag}"`;
      const added = appendLine(text, `${variable}=${after}`, lineEndOf(text ?? ""));
      return { text: added, note: noteOfText(null, after, text === null, earlier) };
    }
    const before = text.slice(last.valueStart, last.valueEnd);
    const after = withFlag(before, flag) ?? before;
    const note = noteOfText(before, after, false, earlier);
    return { text: splice(text, last.valueStart, last.valueEnd, after), note };
  };
  const remove: ListFormat["remove"] = (text, setting, entry, note) => {
    if (note?.kind === "unchanged") return text;
    const listing = read(text, setting);
    if (listing.problem !== undefined) throw misuse(name, listing.problem);
    const last = effective(parseEnvFile(text), variable);
    if (last === undefined || !listing.entries.includes(entry)) return text;
    const raw = text.slice(last.valueStart, last.valueEnd);
    const left = valueWithout(raw, note, withoutFlag(raw, setting, entry), wordsOf);
    if (left !== null) return splice(text, last.valueStart, last.valueEnd, left);
    const rest = dropLine(text, last.start, last.valueEnd);
    return rest === "" && note?.kind === "text" && note.created ? null : rest;
  };
  return { name, read, add, remove };
}

/** The last assignment wins. */
function effective(file: EnvFile, variable: string): EnvAssignment | undefined {
  return file.assignments.findLast(({ key }) => key === variable);
}

function wordsOf(raw: string): readonly string[] {
  return splitQuoted(parseEnvFile(`X=${raw}`).assignments[0]?.value ?? "");
}

function problemOfFile(text: string, file: EnvFile, variable: string): Listing | null {
  const exported = file.assignments.find(({ key }) => new RegExp(`^export\\s+${variable}$`).test(key));
  if (exported !== undefined) {
    return broken(text, exported.start, `"export ${variable}=" sets nothing here: systemd knows no export`);
  }
  for (const { start, end } of file.continuedComments) {
    const swallowed = text.slice(start, end).includes(`${variable}=`);
    if (swallowed || /^[\r\n]*$/.test(text.slice(end))) {
      return broken(
        text,
        start,
        "a comment ends in a backslash, and some versions of systemd take the next line for it",
      );
    }
  }
  const last = effective(file, variable);
  const problem = last === undefined ? null : problemOfValue(text, last, variable);
  return last === undefined || problem === null ? null : broken(text, last.openQuote ?? last.start, problem);
}

function problemOfValue(text: string, last: EnvAssignment, variable: string): string | null {
  if (last.openQuote !== undefined) return "a quote is never closed";
  if (new RegExp(`\\$(?:${variable}\\b|\\{${variable}\\})`).test(last.value)) {
    return `$${variable} is no reference here: dockerd would be given these very letters`;
  }
  const raw = text.slice(last.valueStart, last.valueEnd);
  if (
    /^\s*(?:"[^"]*"|'[^']*')\s*#/.test(raw) ||
    splitQuoted(last.value).some((word) => word.startsWith("#"))
  ) {
    return "what follows # is no comment here: dockerd would be given it";
  }
  if (withFlag(raw, "--x") === null) {
    return `${variable} is quoted in a way that cannot be added to: write it as ${variable}="…"`;
  }
  return null;
}

/** oclif's complaints about a command line, said in our words. Recognised by what they carry, not by their class. */
import { RegctlError } from "../errors.ts";
import { findNearest } from "./nearest.ts";
import { argumentMeant, flagMeant } from "./other-tools.ts";

/** What the command that was typed takes. */
export interface KnownCommand {
  /** As typed: `setup insecure`. */
  readonly name: string;
  /** Long names without dashes. */
  readonly flags: readonly string[];
  /** The last words of the commands below it: `status` for `serve status`. */
  readonly below: readonly string[];
  /** What was typed behind its name. */
  readonly argv: readonly string[];
}

interface ParseComplaint extends Error {
  readonly flags?: readonly string[];
  readonly args?: readonly (string | { readonly name: string; readonly description?: string })[];
}

/** oclif marks every complaint of its parser with the exit code it would use. */
function isComplaint(error: unknown): error is ParseComplaint {
  return error instanceof Error && "oclif" in error;
}

interface Saying {
  readonly match: RegExp;
  readonly say: (groups: readonly string[]) => string;
}

const sayings: readonly Saying[] = [
  {
    match: /^Expected --(\S+?)=(.*) to be one of: (.+)$/s,
    say: ([flag, given, allowed]) => `--${flag} takes ${allowed}, not "${given}"`,
  },
  {
    match: /^Expected (.*) to be one of: (.+)$/s,
    say: ([given, allowed]) => `"${given}" is none of ${allowed}`,
  },
  {
    match: /^Flag (--\S+) expects one of these values: (.+)$/,
    say: ([flag, allowed]) => `${flag} needs a value: ${allowed}`,
  },
  { match: /^Flag (--\S+) expects a value$/, say: ([flag]) => `${flag} needs a value` },
  { match: /^Flag (--\S+) can only be specified once$/, say: ([flag]) => `${flag} is given more than once` },
  {
    match: /^Parsing (--\S+) \n\tExpected an? (.+) but received: (.*)$/s,
    say: ([flag, wanted, given]) => `${flag} takes an ${wanted}, not "${given}"`,
  },
  { match: /^Parsing (--\S+) \n\t(.+)$/s, say: ([flag, problem]) => `${flag}: ${problem}` },
  {
    match: /All of the following must be provided when using (--\S+): (.+)$/s,
    say: ([flag, others]) => `${flag} works only together with ${others}`,
  },
  {
    match: /(--[^\s=]+)\S* cannot also be provided when using (--\S+)/,
    say: ([flag, other]) => `${flag} and ${other} exclude each other`,
  },
];

/** The message without what oclif adds around it. */
function plain(message: string): string {
  return message
    .replace(/\nSee more help with --help/g, "")
    .replace(/^The following errors? occurred:\n\s*/, "")
    .trim();
}

function sayProblem(complaint: ParseComplaint, command: KnownCommand): string {
  if (complaint.flags !== undefined) {
    const [first = ""] = complaint.flags;
    return `"regctl ${command.name}" has no flag ${first.split("=")[0]}`;
  }
  const [first] = complaint.args ?? [];
  if (typeof first === "string") return `"${first}" is one argument too many for "regctl ${command.name}"`;
  if (first !== undefined) {
    const detail = first.description === undefined ? "" : `: ${first.description}`;
    return `"regctl ${command.name}" needs ${first.name.toUpperCase()}${detail}`;
  }
  const message = plain(complaint.message);
  for (const { match, say } of sayings) {
    const found = match.exec(message);
    if (found !== null) return say(found.slice(1));
  }
  return message;
}

function suggest(complaint: ParseComplaint, command: KnownCommand): string {
  const [word] = complaint.args ?? [];
  const meant = typeof word === "string" ? findBelow(word, command) : undefined;
  if (meant !== undefined) return `regctl ${command.name} ${meant}`;
  const behind = typeof word === "string" ? argumentMeant(command.name, word) : undefined;
  if (behind !== undefined) return behind;
  const [first = ""] = complaint.flags ?? [];
  const elsewhere = meantElsewhere(first, command);
  if (elsewhere !== undefined) return elsewhere;
  const near = findNearest(
    first.split("=")[0] ?? "",
    command.flags.map((flag) => `--${flag}`),
  );
  return near === undefined ? `regctl ${command.name} --help` : `regctl ${command.name} ${near}`;
}

function meantElsewhere(typed: string, { name, argv }: KnownCommand): string | undefined {
  const [flag = "", assigned] = typed.split("=");
  const at = argv.indexOf(flag);
  return flagMeant(name, flag, assigned ?? (at === -1 ? undefined : argv[at + 1]));
}

function findBelow(word: string, { below }: KnownCommand): string | undefined {
  return below.find((name) => name.startsWith(word)) ?? findNearest(word, below);
}

/** A complaint of the parser as USAGE; anything else as it was. */
export function explainParseError(error: unknown, command: KnownCommand): unknown {
  if (!isComplaint(error)) return error;
  return new RegctlError(
    "USAGE",
    { problem: sayProblem(error, command), type: suggest(error, command) },
    { cause: error },
  );
}

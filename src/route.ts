/** From the words typed to what is meant: a command, its help, the version, or a mistake. Pure. */
import { RegctlError } from "./errors.ts";
import { findNearest } from "./explain/nearest.ts";
import { lineMeant, wordMeantBelow } from "./explain/other-tools.ts";
import { quoteLine } from "./explain/quote.ts";

export type Route =
  | { readonly kind: "version" }
  /** `id` is a command, a topic, or empty for everything. */
  | { readonly kind: "help"; readonly id: string }
  /** A page of help that belongs to no command. */
  | { readonly kind: "page"; readonly name: string }
  | { readonly kind: "command"; readonly id: string; readonly argv: readonly string[] };

/** Ids are words joined by `:`, as oclif writes them. */
export interface KnownIds {
  readonly commands: readonly string[];
  readonly topics: readonly string[];
  readonly pages?: readonly string[];
}

const helpFlags = ["--help", "-h"];

/** What stands before a `--` is for us; what stands behind it belongs to somebody else. */
function ownPart(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
}

export function wantsJson(argv: readonly string[]): boolean {
  return ownPart(argv).includes("--json");
}

export function wantsVerbose(argv: readonly string[]): boolean {
  return ownPart(argv).some((word) => word === "--verbose" || /^-[a-z]*v[a-z]*$/.test(word));
}

/** The longest beginning of the words that is an id: `tunnel list` before `tunnel` with an argument `list`. */
function findId(words: readonly string[], ids: readonly string[]): string | undefined {
  for (let count = words.length; count > 0; count -= 1) {
    const id = words.slice(0, count).join(":");
    if (ids.includes(id)) return id;
  }
  return undefined;
}

/** The command whose every word is near the one typed in its place. */
function findMeant(words: readonly string[], ids: readonly string[]): readonly string[] | undefined {
  const near = ids
    .map((id) => id.split(":"))
    .filter((parts) => parts.every((part, index) => findNearest(words[index] ?? "", [part]) !== undefined));
  const deepest = Math.max(...near.map((parts) => parts.length));
  const names = near.filter((parts) => parts.length === deepest).map((parts) => parts.join(" "));
  return findNearest(words.slice(0, deepest).join(" "), names)?.split(" ");
}

/** The whole line as it was probably meant, or undefined when no command is near. */
function correct(
  words: readonly string[],
  rest: readonly string[],
  ids: readonly string[],
): string | undefined {
  const meant = findMeant(words, ids);
  if (meant === undefined) return undefined;
  return quoteLine(["regctl", ...meant, ...words.slice(meant.length), ...rest]);
}

function unknown(words: readonly string[], rest: readonly string[], known: KnownIds): RegctlError {
  const topic = findId(words, known.topics);
  const depth = topic === undefined ? 0 : topic.split(":").length;
  const typed = words.slice(0, depth + 1).join(" ");
  const help = topic === undefined ? "regctl --help" : `regctl ${topic.replaceAll(":", " ")} --help`;
  // Below a word that is right only what stands there is meant.
  const meant =
    topic === undefined ? known.commands : known.commands.filter((id) => id.startsWith(`${topic}:`));
  return new RegctlError("USAGE", {
    problem: `There is no command "${typed}"`,
    type: lineMeant([...words, ...rest]) ?? correct(words, rest, meant) ?? help,
  });
}

/** Of a command or a page that is not there. */
function unknownHelp(named: readonly string[], known: KnownIds): RegctlError {
  const near = findMeant(named, known.commands) ?? findNearest(named.join(" "), known.pages ?? []);
  return new RegctlError("USAGE", {
    problem: `There is no help about "${named.join(" ")}"`,
    type: near === undefined ? "regctl --help" : quoteLine(["regctl", "help", ...[near].flat()]),
  });
}

/** Another tool's word for a command below this one would be taken for an argument. */
function refuseWordBelow(command: string, argv: readonly string[]): void {
  const [word = "", ...rest] = argv.slice(command.split(":").length);
  const meant = wordMeantBelow(command, word);
  if (meant === undefined) return;
  throw new RegctlError("USAGE", {
    problem: `There is no command "${command} ${word}"`,
    type: quoteLine(["regctl", command, meant, ...rest]),
  });
}

/** Throws USAGE where no command is meant. */
export function planRoute(argv: readonly string[], known: KnownIds): Route {
  const own = ownPart(argv);
  const firstFlag = argv.findIndex((word) => word.startsWith("-"));
  const words = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  const rest = argv.slice(words.length);
  const lastIsHelp =
    words.length > 1 && words.at(-1) === "help" && known.topics.includes(words.slice(0, -1).join(":"));
  const asksHelp = own.some((word) => helpFlags.includes(word)) || words[0] === "help" || lastIsHelp;
  const named = words[0] === "help" ? words.slice(1) : lastIsHelp ? words.slice(0, -1) : words;

  if (words.length === 0 && own.includes("--version")) return { kind: "version" };
  const command = findId(named, known.commands);
  if (command !== undefined) {
    if (asksHelp) return { kind: "help", id: command };
    refuseWordBelow(command, argv);
    return { kind: "command", id: command, argv: argv.slice(command.split(":").length) };
  }
  const [page] = named;
  if (words[0] === "help" && page !== undefined && known.pages?.includes(page) === true)
    return { kind: "page", name: page };
  if (words[0] === "help" && named.length > 0 && !known.topics.includes(named.join(":"))) {
    throw unknownHelp(named, known);
  }
  const topic = named.join(":");
  const onlyJson = rest.every((word) => word === "--json" || helpFlags.includes(word));
  if (known.topics.includes(topic) && (asksHelp || onlyJson)) return { kind: "help", id: topic };
  if (known.topics.includes(topic)) {
    const name = named.join(" ");
    const flag = rest.find((word) => word.startsWith("-")) ?? "";
    throw new RegctlError("USAGE", {
      problem: `"regctl ${name}" is a group of commands and has no flag ${flag}`,
      type: `regctl ${name} --help`,
    });
  }
  if (named.length > 0) throw unknown(named, rest, known);
  if (asksHelp || onlyJson) return { kind: "help", id: "" };
  const elsewhere = lineMeant(argv);
  if (elsewhere !== undefined) {
    throw new RegctlError("USAGE", { problem: `There is no flag ${argv[0]} here`, type: elsewhere });
  }
  const firstWord = argv.findIndex((word) => !word.startsWith("-"));
  const turned = firstWord === -1 ? ["--help"] : [...argv.slice(firstWord), ...argv.slice(0, firstWord)];
  throw new RegctlError("USAGE", {
    problem: "The command comes first, then its flags",
    type: quoteLine(["regctl", ...turned]),
  });
}

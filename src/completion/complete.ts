/** What may stand where the cursor is, from the words before it and the manifest of the commands. Pure. */
import type { CommandWords, FlagWords, ProgramWords } from "../command-words.ts";

/** Names that live outside the program: whoever reads them finds those that begin with `typed`. */
export type NameKind = "registry" | "repository" | "reference" | "host" | "tunnel" | "image" | "context";

export interface Candidate {
  readonly text: string;
  readonly about?: string | undefined;
}

export type Completion =
  | { readonly kind: "words"; readonly words: readonly Candidate[] }
  /** `before` stands before each name in what is typed, as `--registry=`. */
  | { readonly kind: "names"; readonly of: NameKind; readonly typed: string; readonly before: string }
  | { readonly kind: "files" };

const nothing: Completion = { kind: "words", words: [] };

/** By the name of an argument; where one name means two things, by command. */
const argumentKinds: Readonly<Record<string, NameKind>> = {
  registry: "registry",
  ref: "reference",
  src: "reference",
  dst: "reference",
  name: "reference",
  image: "image",
  server: "host",
  "tags name": "repository",
  "tunnel:stop name": "tunnel",
  "tunnel:logs name": "tunnel",
};

const flagKinds: Readonly<Record<string, NameKind>> = {
  registry: "registry",
  on: "host",
  tunnel: "host",
  "engine-host": "host",
  context: "context",
};

/** `words` are those behind the program's name; the last one is being typed and may be empty. */
export function complete(words: readonly string[], source: ProgramWords): Completion {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  // What stands there is a command of somebody else.
  if (before.includes("--")) return { kind: "files" };
  const help = before[0] === "help";
  const path = help ? before.slice(1) : before;
  const id = findCommand(path, source);
  const pages = help && path.length === 0 ? source.pages : {};
  if (id === null || help) return nextWords(path, typed, source, help || path.length > 0, pages);
  return completeCommand(id, path.slice(id.split(":").length), typed, source);
}

/** The longest beginning that is a command: flags come behind it. */
function findCommand(words: readonly string[], { commands }: ProgramWords): string | null {
  const flag = words.findIndex((word) => word.startsWith("-"));
  const named = flag === -1 ? words : words.slice(0, flag);
  for (let count = named.length; count > 0; count -= 1) {
    const id = named.slice(0, count).join(":");
    if (Object.hasOwn(commands, id)) return id;
  }
  return null;
}

function nextWords(
  path: readonly string[],
  typed: string,
  source: ProgramWords,
  below: boolean,
  pages: ProgramWords["pages"] = {},
): Completion {
  const prefix = path.length === 0 ? "" : `${path.join(":")}:`;
  const next = new Map<string, string>();
  for (const id of [...Object.keys(source.commands), ...Object.keys(source.topics)]) {
    if (!id.startsWith(prefix)) continue;
    const [word = ""] = id.slice(prefix.length).split(":");
    const whole = prefix + word;
    next.set(word, source.commands[whole]?.summary ?? source.topics[whole] ?? "");
  }
  if (!below) next.set("help", "Show what a command takes.");
  for (const [page, about] of Object.entries(pages)) next.set(page, about);
  return among(
    [...next].map(([text, about]) => ({ text, about })),
    typed,
  );
}

function completeCommand(
  id: string,
  rest: readonly string[],
  typed: string,
  source: ProgramWords,
): Completion {
  const command = source.commands[id];
  if (command === undefined) return nothing;
  const flags = Object.values(command.flags).filter(({ hidden }) => hidden !== true);
  const last = rest.at(-1) ?? "";
  const waiting = flags.find((flag) => takesValue(flag) && isFlag(flag, last));
  if (waiting !== undefined) return completeValue(waiting, typed, "");
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(typed) ?? [];
  const assigned = flags.find((flag) => takesValue(flag) && flag.name === name);
  if (assigned !== undefined) return completeValue(assigned, value ?? "", `--${assigned.name}=`);
  if (typed.startsWith("-")) return among(flagWords(flags, rest), typed);
  return completeArgument(id, command, flags, rest, typed, source);
}

function takesValue({ type }: FlagWords): boolean {
  return type === "option";
}

function isFlag({ name, char }: FlagWords, word: string): boolean {
  return word === `--${name}` || (char !== undefined && word === `-${char}`);
}

function completeValue(flag: FlagWords, typed: string, before: string): Completion {
  if (flag.options !== undefined) {
    return among(
      flag.options.map((option) => ({ text: before + option })),
      before + typed,
    );
  }
  const of = flagKinds[flag.name];
  if (of !== undefined) return { kind: "names", of, typed, before };
  return /FILE|DIR|PATH/.test(String(flag.helpValue ?? "")) ? { kind: "files" } : nothing;
}

/** Without those that stand there already and may stand there once. */
function flagWords(flags: readonly FlagWords[], rest: readonly string[]): readonly Candidate[] {
  const free = flags.filter(
    (flag) => flag.multiple === true || !rest.some((word) => isFlag(flag, word.split("=")[0] ?? "")),
  );
  return free.flatMap(({ name, summary, allowNo }) => [
    { text: `--${name}`, about: summary },
    ...(allowNo === true ? [{ text: `--no-${name}`, about: summary }] : []),
  ]);
}

function completeArgument(
  id: string,
  command: CommandWords,
  flags: readonly FlagWords[],
  rest: readonly string[],
  typed: string,
  source: ProgramWords,
): Completion {
  const given = positionals(rest, flags).length;
  const below = given === 0 ? nextWords(id.split(":"), typed, source, true) : nothing;
  const args = Object.values(command.args);
  const arg = args[given] ?? (args.at(-1)?.multiple === true ? args.at(-1) : undefined);
  const of = arg === undefined ? undefined : (argumentKinds[`${id} ${arg.name}`] ?? argumentKinds[arg.name]);
  if (below.kind === "words" && below.words.length > 0) return below;
  return of === undefined ? nothing : { kind: "names", of, typed, before: "" };
}

function positionals(rest: readonly string[], flags: readonly FlagWords[]): readonly string[] {
  return rest.filter((word, index) => {
    const before = rest[index - 1] ?? "";
    return !word.startsWith("-") && !flags.some((flag) => takesValue(flag) && isFlag(flag, before));
  });
}

function among(candidates: readonly Candidate[], typed: string): Completion {
  return { kind: "words", words: candidates.filter(({ text }) => text.startsWith(typed)) };
}

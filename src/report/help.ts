/** Help as lines, from the manifest of the commands. By hand: oclif's own costs more than half of a start. Pure. */
import type { ArgumentWords, CommandWords, FlagWords, ProgramWords } from "../command-words.ts";
import { asTyped } from "./own-commands.ts";
import { widthOf, wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

export interface CommandGroup {
  readonly title: string;
  /** First words of commands, in the order in which they are shown. */
  readonly commands: readonly string[];
}

export interface HelpSource extends ProgramWords {
  /** What the program is for. */
  readonly description: string;
  /** Commands in no group come last. */
  readonly groups: readonly CommandGroup[];
}

/** What everything below is told: the commands, and how the person begins a line of ours. */
interface Source extends HelpSource {
  readonly bin: string;
}

type Row = readonly [left: string, right: string];

const widestHelp = 100;
const indent = "  ";

/** Of a command, of a word that commands share, or of everything (an empty id). */
export function renderHelp(about: HelpSource, id: string, options: RenderOptions): readonly string[] {
  const source = { ...about, bin: options.program ?? "regctl" };
  const columns = Math.min(options.columns, widestHelp);
  const section = createSection(options.color);
  const command = source.commands[id];
  if (command !== undefined) return renderCommand(source, id, command, columns, section);
  return id === "" ? renderRoot(source, columns, section) : renderTopic(source, id, columns, section);
}

type Section = (title: string, lines: readonly string[]) => readonly string[];

/** The title in bold; nothing where there are no lines. Chalk is not worth loading for it. */
function createSection(color: boolean): Section {
  return (title, lines) =>
    lines.length === 0 ? [] : ["", color ? `\u001b[1m${title}\u001b[22m` : title, ...lines];
}

function renderRoot(source: Source, columns: number, section: Section): readonly string[] {
  const grouped = source.groups.flatMap(({ commands }) => commands);
  const others = [...new Set(Object.keys(source.commands).map(firstWord))].filter(
    (word) => !grouped.includes(word),
  );
  const groups = [...source.groups, { title: "COMMANDS", commands: others }];
  const rows = groups.map(({ commands }) => commands.flatMap((word) => rowsOf(source, word)));
  const left = widestLeft(rows.flat());
  const { bin } = source;
  const pages = Object.entries(source.pages).map(([name, about]): Row => [`${bin} help ${name}`, about]);
  return [
    ...wrap(`${source.description}.`, columns),
    ...section("USAGE", [`${indent}$ ${bin} COMMAND [ARGUMENTS] [FLAGS]`]),
    ...groups.flatMap(({ title }, index) => section(title, layOut(rows[index] ?? [], columns, left))),
    ...section(
      "MORE",
      layOut([[`${bin} COMMAND --help`, "what a command takes, with examples"], ...pages], columns),
    ),
  ];
}

function firstWord(id: string): string {
  return id.split(":")[0] ?? id;
}

/** The command; or those below a word that is none itself. */
function rowsOf(source: Source, word: string): readonly Row[] {
  const own = source.commands[word];
  return own === undefined ? rowsBelow(source, word) : [[word, summaryOf(own)]];
}

function rowsBelow(source: Source, id: string): readonly Row[] {
  return Object.entries(source.commands)
    .filter(([name]) => name.startsWith(`${id}:`))
    .map(([name, command]): Row => [spaced(name), summaryOf(command)]);
}

function renderTopic(source: Source, id: string, columns: number, section: Section): readonly string[] {
  return [
    ...wrap(source.topics[id] ?? "", columns),
    ...section("USAGE", [`${indent}$ ${source.bin} ${spaced(id)} COMMAND`]),
    ...section("COMMANDS", layOut(rowsBelow(source, id), columns)),
  ];
}

function renderCommand(
  source: Source,
  id: string,
  command: CommandWords,
  columns: number,
  section: Section,
): readonly string[] {
  const args = Object.values(command.args).filter(({ hidden }) => hidden !== true);
  const flags = Object.values(command.flags).filter(({ hidden }) => hidden !== true);
  const ofCommand = flags.filter(({ helpGroup }) => helpGroup !== "global");
  const ofAll = flags.filter(({ helpGroup }) => helpGroup === "global");
  const usage = [source.bin, spaced(id), ...args.map(argumentWord), "[FLAGS]"].join(" ");
  const about = asTyped(command.description ?? "", { program: source.bin })
    .split("\n")
    .flatMap((line) => (line === "" ? [""] : wrap(indent + line, columns, indent)));
  const shown = rowsBelow(source, id);
  return [
    ...wrap(summaryOf(command), columns),
    ...section("USAGE", [`${indent}$ ${usage}`]),
    ...section(
      "ARGUMENTS",
      layOut(
        args.map((arg): Row => [argumentWord(arg), arg.description ?? ""]),
        columns,
      ),
    ),
    ...section("FLAGS", layOut(flagRows(ofCommand), columns)),
    ...section("GLOBAL FLAGS", layOut(flagRows(ofAll), columns)),
    ...section("COMMANDS", layOut(shown, columns)),
    ...section("DESCRIPTION", command.description === undefined ? [] : about),
    ...section("EXAMPLES", examplesOf(source, id, command)),
  ];
}

function argumentWord(arg: ArgumentWords): string {
  const word = `${arg.name.toUpperCase()}${arg.multiple === true ? "..." : ""}`;
  return arg.required === true ? word : `[${word}]`;
}

/** Those with a letter first, then by name; all begin in the same column where one has a letter. */
function flagRows(flags: readonly FlagWords[]): readonly Row[] {
  const lettered = flags.some(({ char }) => char !== undefined);
  const order = (flag: FlagWords): string => (flag.char === undefined ? `1${flag.name}` : `0${flag.char}`);
  return [...flags]
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((flag): Row => {
      const letter = flag.char === undefined ? (lettered ? "    " : "") : `-${flag.char}, `;
      return [letter + flagWord(flag), flagWords(flag)];
    });
}

/** Up to here the values that a flag takes stand beside its name. */
const shortOptions = 24;

function flagWord(flag: FlagWords): string {
  if (flag.type === "boolean") return `--${flag.allowNo === true ? "[no-]" : ""}${flag.name}`;
  const options = flag.options?.join("|");
  const value =
    flag.helpValue ?? (options !== undefined && options.length <= shortOptions ? options : "VALUE");
  return `--${flag.name}=${String(value)}`;
}

function flagWords(flag: FlagWords): string {
  const words = [flag.summary ?? flag.description ?? ""];
  if (flag.type === "boolean") return words.join(" ");
  const options = flag.options?.join("|") ?? "";
  if (options.length > shortOptions) words.push(`VALUE is one of ${flag.options?.join(", ")}.`);
  if (flag.default !== undefined && typeof flag.default !== "function") {
    words.push(`Default: ${String(flag.default)}.`);
  }
  return words.join(" ");
}

/** Command lines stay whole, so that they can be copied. */
function examplesOf(source: Source, id: string, command: CommandWords): readonly string[] {
  return (command.examples ?? []).flatMap((example) => {
    const line = typeof example === "string" ? example : example.command;
    const filled = line
      .replaceAll("<%= config.bin %>", source.bin)
      .replaceAll("<%= command.id %>", spaced(id));
    return [`${indent}$ ${filled}`];
  });
}

function summaryOf({ summary, description }: CommandWords): string {
  return summary ?? description ?? "";
}

function spaced(id: string): string {
  return id.replaceAll(":", " ");
}

function widestLeft(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(([left]) => widthOf(left)));
}

/** Beyond this the words stand below what they are about. */
const widestWord = 30;

/** Two columns; on a narrow terminal, or beside a long word, the second stands below the first. */
function layOut(rows: readonly Row[], columns: number, left = widestLeft(rows)): readonly string[] {
  const start = Math.min(left, widestWord) + 2 * indent.length;
  return rows.flatMap(([word, words]) => {
    const beside = widthOf(word) + 2 * indent.length <= start && columns - start >= 24;
    const margin = " ".repeat(beside ? start : 4 * indent.length);
    const lines = wrap(margin + words, columns, margin);
    if (!beside) return [indent + word, ...(words === "" ? [] : lines)];
    return [(indent + word).padEnd(start) + (lines[0] ?? "").slice(start), ...lines.slice(1)].map((line) =>
      line.trimEnd(),
    );
  });
}

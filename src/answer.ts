/** From the words typed to a result: the version, a help text, or the outcome of a command. Prints nothing. */
import pjson from "../package.json" with { type: "json" };
import type { CommandResult, Surroundings } from "./base-command.ts";
import type { ProgramWords } from "./command-words.ts";
import { completionWords } from "./completion-words.ts";
import { type CommandSource, createConfig } from "./oclif.ts";
import { planRendering, type RenderOptions } from "./report/terminal.ts";
import { planRoute, type Route } from "./route.ts";

export interface Request extends Surroundings {
  /** The words behind the program's name. */
  readonly argv: readonly string[];
  readonly stdout: NodeJS.WriteStream;
  /** The commands there are; regctl's own when left out. */
  readonly source?: CommandSource;
}

async function loadSource(): Promise<CommandSource> {
  const [{ default: manifest }, { commandTable, commandGroups, helpPages }] = await Promise.all([
    import("../oclif.manifest.json", { with: { type: "json" } }),
    import("./command-table.ts"),
  ]);
  // The generated file and oclif's type agree by construction; the compiler only sees literals.
  return {
    manifest,
    table: commandTable,
    groups: commandGroups,
    pages: helpPages,
    pjson,
  } as unknown as CommandSource;
}

function lines(document: object, text: (options: RenderOptions) => readonly string[]): CommandResult {
  return { document, render: async () => (_, options) => text(options) };
}

function showVersion(): CommandResult {
  const { version } = pjson;
  const { node } = process.versions;
  const platform = `${process.platform}-${process.arch}`;
  return lines({ version, node, platform }, () => [`regctl ${version} (Node.js ${node}, ${platform})`]);
}

function wordsOf({ manifest, pjson, pages = {} }: CommandSource): ProgramWords {
  const topics = Object.entries(pjson.oclif.topics ?? {});
  return {
    commands: manifest.commands,
    topics: Object.fromEntries(topics.map(([id, { description }]) => [id, description ?? ""])),
    pages,
  };
}

async function showPage(name: string, options: RenderOptions): Promise<CommandResult> {
  const { renderPage } = await import("./report/help-pages.ts");
  return lines({ help: renderPage(name, options).join("\n") }, (shown) => renderPage(name, shown));
}

async function showHelp(
  route: Extract<Route, { kind: "help" }>,
  source: CommandSource,
  options: RenderOptions,
) {
  const { renderHelp } = await import("./report/help.ts");
  const { pjson, groups = [] } = source;
  const about = { ...wordsOf(source), description: pjson.description ?? "", groups };
  const render = (shown: RenderOptions) => renderHelp(about, route.id, shown);
  return lines({ help: render(options).join("\n") }, render);
}

/** The program's name alone: what this host has, and what to do next. */
async function showOverview(request: Request): Promise<CommandResult> {
  const [{ lookAround }, { openQuietContext }] = await Promise.all([
    import("./overview/overview.ts"),
    import("./quiet-context.ts"),
  ]);
  const document = await lookAround(openQuietContext(request));
  const result = {
    document,
    render: async () => {
      const { renderOverview } = await import("./report/overview.ts");
      return (_: object, options: RenderOptions) => renderOverview(document, options);
    },
  };
  return result;
}

async function runCommand(
  route: Extract<Route, { kind: "command" }>,
  source: CommandSource,
  request: Request,
): Promise<CommandResult> {
  const loaded = await source.table[route.id]?.();
  if (loaded === undefined) throw new Error(`no module for command ${route.id}`);
  const command = new loaded.default([...route.argv], createConfig(source));
  command.id = route.id;
  try {
    return await command.perform(request);
  } catch (error) {
    const [{ explainParseError }, { withWholeLine }] = await Promise.all([
      import("./explain/parse-errors.ts"),
      import("./explain/whole-line.ts"),
    ]);
    const flags = Object.keys(source.manifest.commands[route.id]?.flags ?? {});
    const ids = Object.keys(source.manifest.commands).filter((id) => id.startsWith(`${route.id}:`));
    const below = ids.map((id) => id.slice(route.id.length + 1).replaceAll(":", " "));
    const { argv } = route;
    const complaint = explainParseError(error, { name: route.id.replaceAll(":", " "), flags, below, argv });
    throw withWholeLine(complaint, request.argv);
  }
}

/** Throws whatever the command throws; a mistyped line is USAGE. */
export async function answer(request: Request): Promise<CommandResult> {
  const { argv, environment, stdout, source: given } = request;
  if (argv[0] === "--version") return showVersion();
  const source = given ?? (await loadSource());
  if (argv[0] !== undefined && completionWords.includes(argv[0])) {
    const { completeLine } = await import("./complete-line.ts");
    return await completeLine(request, wordsOf(source));
  }
  const commands = Object.keys(source.manifest.commands);
  const topics = Object.keys(source.pjson.oclif.topics ?? {});
  const route = planRoute(argv, { commands, topics, pages: Object.keys(source.pages ?? {}) });
  if (route.kind === "version") return showVersion();
  if (route.kind === "page") return showPage(route.name, planRendering(environment, stdout));
  if (given === undefined && argv.every((word) => word === "--json")) return await showOverview(request);
  if (route.kind === "help") return showHelp(route, source, planRendering(environment, stdout));
  return runCommand(route, source, request);
}

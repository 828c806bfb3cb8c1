/** oclif, set up from data: our commands and nothing else, no plugins, no theme, no files read to find them. */

import type { Command } from "@oclif/core/command";
import { Config } from "@oclif/core/config";
import { CommandHelp, Help } from "@oclif/core/help";
import type { Manifest, PJSON, Plugin } from "@oclif/core/interfaces";
import type { CommandTable } from "./command-table.ts";
import { wrap } from "./report/table.ts";
import type { RenderOptions } from "./report/terminal.ts";

/** The commands that a program has: their descriptions as data, and where each is loaded from. */
export interface CommandSource {
  readonly manifest: Manifest;
  readonly table: CommandTable;
  readonly pjson: PJSON;
}

/** A user's theme.json and plugins from XDG_DATA_HOME would be code and looks of somebody else: never loaded. */
class PlainConfig extends Config {
  override async loadTheme(): Promise<undefined> {
    return undefined;
  }
}

function createPlugin({ manifest, table, pjson }: CommandSource): Plugin {
  const { name, version } = pjson;
  const loadable = (id: string, command: Command.Cached): Command.Loadable => ({
    ...structuredClone(command),
    pluginName: name,
    pluginType: "core",
    load: async () => {
      const load = table[id];
      if (load === undefined) throw new Error(`no module for command ${id}`);
      return (await load()).default as unknown as Command.Class;
    },
  });
  return {
    _base: "",
    alias: name,
    commandIDs: Object.keys(manifest.commands),
    commands: Object.entries(manifest.commands).map(([id, command]) => loadable(id, command)),
    commandsDir: undefined,
    findCommand: () => {
      throw new Error("commands are found by the table");
    },
    hasManifest: true,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: "module",
    name,
    options: { root: "/" },
    pjson,
    root: "/",
    topics: Object.entries(pjson.oclif.topics ?? {}).map(([id, topic]) => ({ ...topic, name: id })),
    type: "core",
    valid: true,
    version,
  };
}

export async function loadOclif(source: CommandSource): Promise<Config> {
  const plugin = createPlugin(source);
  const config = new PlainConfig({
    root: plugin.root,
    pjson: source.pjson,
    plugins: new Map([[plugin.name, plugin]]),
    userPlugins: false,
    devPlugins: false,
  });
  await config.load();
  return config;
}

/** The usage names what must be typed; the flags stand below it anyway. */
class ShortCommandHelp extends CommandHelp {
  protected override defaultUsage(): string {
    const args = Object.entries(this.command.args).map(([name, arg]) => {
      const word = `${name.toUpperCase()}${arg.multiple ? "..." : ""}`;
      return arg.required ? word : `[${word}]`;
    });
    return ["<%= command.id %>", ...args, "[FLAGS]"].join(" ");
  }

  /** Without the summary, which stands above everything. */
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }
}

class CollectedHelp extends Help {
  protected override CommandHelpClass = ShortCommandHelp;
  readonly lines: string[] = [];
  protected override log(...words: string[]): void {
    this.lines.push(...words.join(" ").split("\n"));
  }
}

/** oclif lets some lines run over the edge. Command lines stay whole, so that they can be copied. */
function fit(line: string, columns: number): readonly string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return line.startsWith("$ ", indent.length) ? [line] : wrap(line, columns, indent);
}

/** Help for a command, a topic, or everything (an empty id), as lines. */
export async function renderHelp(
  config: Config,
  id: string,
  options: RenderOptions,
): Promise<readonly string[]> {
  const help = new CollectedHelp(config, {
    maxWidth: Math.min(options.columns, 100),
    stripAnsi: !options.color,
  });
  await help.showHelp(id === "" ? [] : id.split(":"));
  while (help.lines.at(-1) === "") help.lines.pop();
  return help.lines.flatMap((line) => fit(line, options.columns));
}

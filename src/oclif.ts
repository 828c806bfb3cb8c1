/**
 * oclif as far as commands need it: it declares and parses. Its own configuration would look for plugins, themes and
 * the name of the shell, load what other people put into the user's folders, and take longer than the parsing.
 */
import type { Config } from "@oclif/core/config";
import type { Manifest, PJSON } from "@oclif/core/interfaces";
import type { CommandTable } from "./command-table.ts";
import type { CommandGroup } from "./report/help.ts";

/** The commands that a program has: their descriptions as data, and where each is loaded from. */
export interface CommandSource {
  readonly manifest: Manifest;
  readonly table: CommandTable;
  readonly pjson: PJSON;
  /** How help arranges them. */
  readonly groups?: readonly CommandGroup[];
  /** Pages of `help PAGE`, and what they are about. */
  readonly pages?: Readonly<Record<string, string>>;
}

/** What `Command` asks of its configuration while it parses (oclif/core lib/command.js, `parse`). */
type AskedConfig = Pick<Config, "bin" | "name" | "version"> & {
  runHook(): Promise<{ readonly successes: readonly never[]; readonly failures: readonly never[] }>;
};

export function createConfig({ pjson }: Pick<CommandSource, "pjson">): Config {
  const asked: AskedConfig = {
    bin: pjson.oclif.bin ?? pjson.name,
    name: pjson.name,
    version: pjson.version,
    runHook: async () => ({ successes: [], failures: [] }),
  };
  return asked as unknown as Config;
}

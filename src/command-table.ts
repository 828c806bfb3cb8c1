/**
 * Every command by its id, loaded when it is run. A test keeps this table, the files of src/commands/ and
 * oclif.manifest.json equal.
 */
import type { CommandClass } from "./base-command.ts";

export type CommandTable = Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>;

export const commandTable: CommandTable = {
  login: () => import("./commands/login.ts"),
  logout: () => import("./commands/logout.ts"),
  ping: () => import("./commands/ping.ts"),
  "setup:insecure": () => import("./commands/setup/insecure.ts"),
  "setup:status": () => import("./commands/setup/status.ts"),
  "setup:undo": () => import("./commands/setup/undo.ts"),
  use: () => import("./commands/use.ts"),
};

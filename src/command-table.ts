/**
 * Every command by its id, loaded when it is run. A test keeps this table, the files of src/commands/ and
 * oclif.manifest.json equal.
 */
import type { CommandClass } from "./base-command.ts";
import type { CommandGroup } from "./report/help.ts";

export type CommandTable = Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>;

export const commandTable: CommandTable = {
  copy: () => import("./commands/copy.ts"),
  delete: () => import("./commands/delete.ts"),
  images: () => import("./commands/images.ts"),
  inspect: () => import("./commands/inspect.ts"),
  login: () => import("./commands/login.ts"),
  logout: () => import("./commands/logout.ts"),
  ping: () => import("./commands/ping.ts"),
  publish: () => import("./commands/publish.ts"),
  pull: () => import("./commands/pull.ts"),
  search: () => import("./commands/search.ts"),
  serve: () => import("./commands/serve/index.ts"),
  "serve:gc": () => import("./commands/serve/gc.ts"),
  "serve:status": () => import("./commands/serve/status.ts"),
  "serve:stop": () => import("./commands/serve/stop.ts"),
  "serve:verify": () => import("./commands/serve/verify.ts"),
  "setup:insecure": () => import("./commands/setup/insecure.ts"),
  "setup:status": () => import("./commands/setup/status.ts"),
  "setup:undo": () => import("./commands/setup/undo.ts"),
  tags: () => import("./commands/tags.ts"),
  use: () => import("./commands/use.ts"),
};

/** What belongs together, in the order of a first reading. */
export const commandGroups: readonly CommandGroup[] = [
  { title: "TELL A HOST ABOUT A REGISTRY", commands: ["setup"] },
  { title: "BRING AND FETCH IMAGES", commands: ["publish", "pull", "images", "copy"] },
  { title: "LOOK AT WHAT IS THERE", commands: ["search", "tags", "inspect", "delete"] },
  { title: "SERVE A REGISTRY", commands: ["serve"] },
];

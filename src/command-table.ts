/**
 * Every command by its id, loaded when it is run. A test keeps this table, the files of src/commands/ and
 * oclif.manifest.json equal.
 */
import type { CommandClass } from "./base-command.ts";
import type { CommandGroup } from "./report/help.ts";

export type CommandTable = Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>;

export const commandTable: CommandTable = {
  completion: () => import("./commands/completion/index.ts"),
  "completion:install": () => import("./commands/completion/install.ts"),
  copy: () => import("./commands/copy.ts"),
  delete: () => import("./commands/delete.ts"),
  doctor: () => import("./commands/doctor.ts"),
  images: () => import("./commands/images.ts"),
  init: () => import("./commands/init.ts"),
  inspect: () => import("./commands/inspect.ts"),
  login: () => import("./commands/login.ts"),
  logout: () => import("./commands/logout.ts"),
  ping: () => import("./commands/ping.ts"),
  "plugin:install": () => import("./commands/plugin/install.ts"),
  "plugin:uninstall": () => import("./commands/plugin/uninstall.ts"),
  publish: () => import("./commands/publish.ts"),
  pull: () => import("./commands/pull.ts"),
  quickstart: () => import("./commands/quickstart.ts"),
  search: () => import("./commands/search.ts"),
  serve: () => import("./commands/serve/index.ts"),
  "serve:gc": () => import("./commands/serve/gc.ts"),
  "serve:status": () => import("./commands/serve/status.ts"),
  "serve:stop": () => import("./commands/serve/stop.ts"),
  "serve:verify": () => import("./commands/serve/verify.ts"),
  "setup:insecure": () => import("./commands/setup/insecure.ts"),
  "setup:mirror": () => import("./commands/setup/mirror.ts"),
  "setup:status": () => import("./commands/setup/status.ts"),
  "setup:trust": () => import("./commands/setup/trust.ts"),
  "setup:undo": () => import("./commands/setup/undo.ts"),
  tags: () => import("./commands/tags.ts"),
  tunnel: () => import("./commands/tunnel/index.ts"),
  "tunnel:list": () => import("./commands/tunnel/list.ts"),
  "tunnel:logs": () => import("./commands/tunnel/logs.ts"),
  "tunnel:stop": () => import("./commands/tunnel/stop.ts"),
  use: () => import("./commands/use.ts"),
};

/** Pages of `help PAGE`: what each is about. Their texts are in report/help-pages.ts. */
export const helpPages: Readonly<Record<string, string>> = {
  "insecure-or-trust": "plain HTTP, certificates, and which of the two to choose",
  tunnels: "a registry that only its own server reaches",
  references: "how names of images are read, and which registry is meant",
  "exit-codes": "what a script can tell from how a command ended",
};

/** What belongs together, in the order of a first reading. */
export const commandGroups: readonly CommandGroup[] = [
  { title: "TELL A HOST ABOUT A REGISTRY", commands: ["setup"] },
  { title: "REACH A REGISTRY", commands: ["tunnel", "ping", "doctor", "use", "login", "logout"] },
  { title: "BRING AND FETCH IMAGES", commands: ["publish", "pull", "images", "copy"] },
  { title: "LOOK AT WHAT IS THERE", commands: ["search", "tags", "inspect", "delete"] },
  { title: "SERVE A REGISTRY", commands: ["serve"] },
  { title: "THIS PROGRAM", commands: ["init", "quickstart", "completion", "plugin"] },
];

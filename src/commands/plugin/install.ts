import { type CommandResult, RegctlCommand } from "../../base-command.ts";
import type { PluginOutcome } from "../../plugin/docker-plugin.ts";

export default class PluginInstall extends RegctlCommand<PluginOutcome> {
  static override summary = 'Make "docker regctl" work: add regctl to the docker CLI as a plugin.';
  static override description =
    "A small program is put among your own plugins of the docker CLI; it starts the regctl that installed it.";
  static override examples = ["<%= config.bin %> <%= command.id %>", "docker regctl --help"];

  protected override async execute(): Promise<CommandResult<PluginOutcome>> {
    const { installPlugin } = await import("../../plugin/docker-plugin.ts");
    const document = await installPlugin(await this.context({ ssh: "auto" }));
    return { document, render: async () => (await import("../../report/installed.ts")).renderPlugin };
  }
}

import { type CommandResult, RegctlCommand } from "../../base-command.ts";
import type { PluginOutcome } from "../../plugin/docker-plugin.ts";

export default class PluginUninstall extends RegctlCommand<PluginOutcome> {
  static override summary = "Take regctl out of the docker CLI again.";
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> plugin install"];

  protected override async execute(): Promise<CommandResult<PluginOutcome>> {
    const { uninstallPlugin } = await import("../../plugin/docker-plugin.ts");
    const document = await uninstallPlugin(await this.context({ ssh: "auto" }));
    return { document, render: async () => (await import("../../report/installed.ts")).renderPlugin };
  }
}

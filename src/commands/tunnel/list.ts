import { type CommandResult, RegctlCommand } from "../../base-command.ts";
import type { RenderOptions } from "../../report/terminal.ts";
import type { TunnelOutcome } from "../../tunnel/tunnel-outcome.ts";

export default class TunnelList extends RegctlCommand<TunnelOutcome> {
  static override summary = "Show the tunnels that run here, and whether their registries answer.";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --json",
  ];

  protected override async execute(): Promise<CommandResult<TunnelOutcome>> {
    const { listTunnels } = await import("../../tunnel/running-tunnels.ts");
    const document = await listTunnels(await this.context({ ssh: "auto" }));
    const render = async () => {
      const { renderTunnels } = await import("../../report/tunnel.ts");
      return (outcome: TunnelOutcome, options: RenderOptions) => renderTunnels(outcome, options, new Date());
    };
    return { document, render };
  }
}

import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import type { TunnelOutcome } from "../../tunnel/tunnel-outcome.ts";
import type { TunnelServiceOutcome } from "../../tunnel/tunnel-service.ts";

export default class TunnelStop extends RegctlCommand<TunnelOutcome | TunnelServiceOutcome> {
  static override summary = "Stop a tunnel that runs here.";
  static override description =
    "The only one, the one of a NAME or a server, or all. The exit code is 5 when none runs.";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> ann@server",
    "<%= config.bin %> <%= command.id %> --service ann@server",
  ];
  static override args = {
    name: argument({ name: "NAME", ignoreStdin: true, description: "Its name, or its server." }),
  };
  static override flags = {
    all: boolean({ summary: "All that run.", exclusive: ["service"] }),
    service: boolean({ summary: "Also take its service away from the user's systemd; NAME is needed." }),
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof TunnelStop>): Promise<CommandResult<TunnelOutcome | TunnelServiceOutcome>> {
    const context = await this.context({ ssh: "auto" });
    const name = args.name ?? null;
    if (flags.service) {
      const { removeTunnelService } = await import("../../tunnel/tunnel-service.ts");
      const document = await removeTunnelService(name, context);
      const render = async () => (await import("../../report/tunnel-service.ts")).renderRemovedService;
      return { document, render };
    }
    const { stopTunnels } = await import("../../tunnel/running-tunnels.ts");
    const document = await stopTunnels({ name, all: flags.all === true }, context);
    return {
      document,
      render: async () => (await import("../../report/tunnel.ts")).renderStoppedTunnels,
    };
  }
}

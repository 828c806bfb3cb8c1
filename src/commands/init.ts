import { boolean, integer, string } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { pickFlags } from "../flags.ts";
import type { InitOutcome } from "../init/outcome.ts";

export default class Init extends RegctlCommand<InitOutcome> {
  static override summary = "From what you have to a default registry that works.";
  static override description =
    `Asks where your registry is: at an address, on a server behind SSH, or nowhere yet. Looks whether it answers and what this machine's engine makes of it, shows the commands that are wanted, and runs them in order: use, login, setup, tunnel or serve. Nothing is changed before you agree.

Without a terminal one of --registry, --server and --serve says where it is, and --yes agrees. A step that fails ends it: what stands stays, and what is left to type is said.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --registry registry.example:5000 --dry-run",
    "<%= config.bin %> <%= command.id %> --server ann@server --service",
    "<%= config.bin %> <%= command.id %> --serve --yes --json",
  ];
  static override flags = {
    registry: string({
      helpValue: "HOST[:PORT]",
      summary: "The registry is at this address.",
      exclusive: ["server", "serve", "to", "port"],
    }),
    server: string({
      helpValue: "[USER@]HOST[:PORT]",
      summary: "The registry listens on this server alone: reach it over SSH.",
      exclusive: ["serve"],
    }),
    serve: boolean({ summary: "There is none: serve one from this machine, for this machine." }),
    service: boolean({ summary: "Have systemd keep the tunnel or the registry that is served." }),
    to: string({
      helpValue: "HOST:PORT|unix:PATH",
      summary: "With --server: the registry as the server sees it; localhost:5000 when left out.",
      exclusive: ["serve"],
    }),
    port: integer({
      min: 0,
      max: 65_535,
      helpValue: "N",
      summary: "The port here of the tunnel or of the registry that is served; 0 for any.",
    }),
    ...pickFlags(
      "yes",
      "dry-run",
      "username",
      "password-stdin",
      "fingerprint",
      "insecure",
      "ca",
      "ssh",
      "accept-host-key",
      "timeout",
    ),
  };

  protected override async execute({ flags }: InputOf<typeof Init>): Promise<CommandResult<InitOutcome>> {
    const { init } = await import("../init/init.ts");
    const context = await this.context(flags);
    const { registry, server, serve = false, service = false, to, port } = flags;
    const { username, fingerprint, insecure, ca, timeout, yes = false } = flags;
    const { ssh, "accept-host-key": acceptHostKey = [] } = flags;
    const { outcome, exitCode } = await init(
      {
        ...{ registry, server, serve, service, to, port, username, fingerprint, insecure, ca, yes },
        reach: { ssh, acceptHostKey, timeout },
        dryRun: flags["dry-run"] === true,
        passwordStdin: flags["password-stdin"] === true,
        timeoutSeconds: timeout,
        cwd: process.cwd(),
      },
      context,
    );
    return {
      document: outcome,
      exitCode,
      render: async () => (await import("../report/init.ts")).renderInit,
    };
  }
}

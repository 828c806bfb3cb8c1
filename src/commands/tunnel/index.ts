import { string as argument } from "@oclif/core/args";
import { boolean, integer, option, string } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { pickFlags } from "../../flags.ts";
import type { TunnelRequest } from "../../tunnel/request.ts";
import type { TunnelOutcome } from "../../tunnel/tunnel-outcome.ts";
import type { TunnelServiceOutcome } from "../../tunnel/tunnel-service.ts";

type Document = TunnelOutcome | TunnelServiceOutcome;
type Flags = InputOf<typeof Tunnel>["flags"];

export default class Tunnel extends RegctlCommand<Document> {
  static override summary = "Reach a registry that listens on its server alone, over SSH.";
  static override description =
    `The registry of the server becomes localhost:PORT here, for docker and for all commands of regctl. The tunnel comes back by itself after a cut, and has the same port the next time. Names, keys and jump hosts are those of ssh's configuration.

With a COMMAND behind "--" the tunnel is there for that command alone, which finds the registry's name in REGCTL_REGISTRY; its exit code is passed on.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> ann@server",
    "<%= config.bin %> <%= command.id %> ann@server:2222 --to localhost:5001 --detach",
    "<%= config.bin %> <%= command.id %> server -L 8080:localhost:80 --name web",
    `<%= config.bin %> <%= command.id %> server -- sh -c 'docker push $REGCTL_REGISTRY/app:1'`,
  ];
  static override args = {
    server: argument({
      name: "SERVER",
      required: true,
      ignoreStdin: true,
      description: "The server as [USER@]HOST[:PORT].",
    }),
  };
  static override flags = {
    to: string({
      helpValue: "HOST:PORT|unix:PATH",
      summary:
        "The registry as the server sees it; where it was last time when left out, else localhost:5000.",
    }),
    "local-port": integer({
      min: 0,
      max: 65_535,
      helpValue: "N",
      summary:
        "Exactly this port here, 0 for any; the one of last time when left out, else 5000 or the next.",
    }),
    bind: string({ helpValue: "ADDR", summary: "Let other machines in at this address of this one, too." }),
    name: string({ helpValue: "NAME", summary: "What to call it; user@server:port when left out." }),
    "engine-host": string({
      helpValue: "[USER@]HOST[:PORT]|none",
      summary: "Where docker's engine is, when it is not found: there the registry is localhost:PORT, too.",
    }),
    forward: string({
      char: "L",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "[BIND:]PORT|PATH:HOST:PORT|PATH",
      summary: "Forward this as well, over the same connection, as ssh -L does; may be repeated.",
    }),
    detach: boolean({ char: "d", summary: "Keep it in the background, and come back when it is up." }),
    service: boolean({
      summary: "Have the user's systemd keep it, across logins.",
      exclusive: ["detach"],
    }),
    "dry-run": boolean({
      summary: "With --service: show what would be done, and do nothing.",
      dependsOn: ["service"],
    }),
    "started-by": option({
      options: ["terminal", "background", "service"] as const,
      default: "terminal",
      hidden: true,
      summary: "How it was started: in the background, what must be known stands on standard input.",
    })(),
    ...pickFlags("insecure", "ca", "ssh", "accept-host-key", "timeout"),
  };

  #command: readonly string[] | null = null;

  /** What stands behind `--` is another program's, flags and all. */
  override async run(): Promise<CommandResult<Document>> {
    const cut = this.argv.indexOf("--");
    if (cut !== -1) {
      this.#command = this.argv.slice(cut + 1);
      this.argv = this.argv.slice(0, cut);
    }
    return await super.run();
  }

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Tunnel>): Promise<CommandResult<Document>> {
    const { parseTunnelRequest } = await import("../../tunnel/request.ts");
    const request = parseTunnelRequest(args.server, flags);
    const context = await this.context(flags);
    if (this.#command !== null) return await this.#hold(request, this.#command, context);
    if (flags.service) return await this.#install(request, flags, context);
    const render = async () => (await import("../../report/tunnel.ts")).renderTunnel;
    if (flags.detach) {
      const { tunnelInBackground } = await import("../../tunnel/tunnel-in-background.ts");
      const document = await tunnelInBackground(request, reachOf(flags), process.cwd(), context);
      return { document, render };
    }
    const { outcome, running } = await this.#run(request, flags["started-by"], context);
    return { document: outcome, render, running };
  }

  async #run(request: TunnelRequest, startedBy: Flags["started-by"], context: Context) {
    const [{ runTunnel }, { noSecrets }] = await Promise.all([
      import("../../tunnel/run-tunnel.ts"),
      import("../../tunnel/prepare-tunnel.ts"),
    ]);
    if (startedBy !== "background") {
      return await runTunnel(request, { startedBy, secrets: noSecrets }, context);
    }
    const { parseSecrets } = await import("../../tunnel/tunnel-in-background.ts");
    return await runTunnel(request, { startedBy, secrets: parseSecrets(await context.input()) }, context);
  }

  async #install(request: TunnelRequest, flags: Flags, context: Context): Promise<CommandResult<Document>> {
    const { tunnelAsService } = await import("../../tunnel/tunnel-service.ts");
    const options = { reach: reachOf(flags), cwd: process.cwd(), only: flags["dry-run"] === true };
    const document = await tunnelAsService(request, options, context);
    const render = async () => (await import("../../report/tunnel-service.ts")).renderTunnelService;
    return { document, verbatim: options.only, render };
  }

  async #hold(
    request: TunnelRequest,
    command: readonly string[],
    context: Context,
  ): Promise<CommandResult<Document>> {
    const { holdForCommand } = await import("../../tunnel/hold-for-command.ts");
    const { onSignal, stdin } = this.surroundings;
    const atTerminal = stdin().isTTY === true;
    const running = await holdForCommand(request, command, { ...context, onSignal, atTerminal });
    return { document: { items: [] }, raw: Buffer.alloc(0), render: async () => () => [], running };
  }
}

function reachOf({ ssh, "accept-host-key": acceptHostKey = [], timeout }: Flags) {
  return { ssh, acceptHostKey, timeout };
}

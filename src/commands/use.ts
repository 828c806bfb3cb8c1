import { boolean } from "@oclif/core/flags";
import type { UseOutcome } from "../access/use-registry.ts";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { oneRegistryArgument, pickFlags } from "../flags.ts";

export default class Use extends RegctlCommand<UseOutcome> {
  static override summary = "Set the registry that names without one go to, show it, or unset it.";
  static override description =
    `Remembers it with what is said about it here (--insecure, --ca), for every command of regctl, and pings it. Engines are told by "regctl setup". Without a registry it shows which one is the default, and what names it.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000",
    "<%= config.bin %> <%= command.id %> 10.0.0.5:5000 --insecure",
    "<%= config.bin %> <%= command.id %> registry.example --ca ./ca.pem",
    "<%= config.bin %> <%= command.id %> --none",
  ];
  static override args = { registry: oneRegistryArgument };
  static override flags = {
    none: boolean({
      summary: "Have no default registry any more; what is recorded about registries stays.",
      exclusive: ["insecure", "ca", "timeout"],
    }),
    ...pickFlags("insecure", "ca", "timeout"),
  };

  protected override async execute({ args, flags }: InputOf<typeof Use>): Promise<CommandResult<UseOutcome>> {
    const { useRegistry } = await import("../access/use-registry.ts");
    const context = await this.context({ ssh: "auto" });
    const { none = false, insecure, ca, timeout } = flags;
    const input = {
      registry: args.registry,
      none,
      insecure,
      ca,
      timeoutSeconds: timeout,
      cwd: process.cwd(),
    };
    const document = await useRegistry(input, context);
    return { document, render: async () => (await import("../report/use.ts")).renderUse };
  }
}

import type { PingOutcome } from "../access/ping-registry.ts";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { oneRegistryArgument, pickFlags, tunnelFlags } from "../flags.ts";

export default class Ping extends RegctlCommand<PingOutcome> {
  static override summary = "Ask a registry whether it is there, and what it can do.";
  static override description =
    `Shows the address that was used, HTTPS or HTTP, how the registry wants to be logged in to, and whether it lists its repositories, pages its tags, lets tags be deleted and keeps lists of referrers. Nothing is changed: to learn about deletion a digest is named that nothing has.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --json",
  ];
  static override args = { registry: oneRegistryArgument };
  static override flags = { ...pickFlags("insecure", "ca", "timeout"), ...tunnelFlags };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Ping>): Promise<CommandResult<PingOutcome>> {
    const { pingRegistry } = await import("../access/ping-registry.ts");
    const context = await this.context({ ssh: "auto" });
    const { insecure, ca, timeout } = flags;
    const input = { registry: args.registry, insecure, ca, timeoutSeconds: timeout };
    const document = await pingRegistry(input, context);
    return { document, render: async () => (await import("../report/ping.ts")).renderPing };
  }
}

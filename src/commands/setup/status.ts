import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { optionalRegistryArgument, pickFlags } from "../../flags.ts";
import type { StatusOutcome } from "../../platform/host-status.ts";
import { readEngineFlag, readPlatformFlag } from "../../setup-flags.ts";

export default class SetupStatus extends RegctlCommand<StatusOutcome> {
  static override summary = "Show what engines know of registries, and where they have it from.";
  static override description =
    `For each host: engine and platform, where the list of insecure registries lives, what stands in that file and what the running engine really has (they can differ), and whether a restart would stop containers.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --on admin@web1 --on admin@web2",
    "<%= config.bin %> <%= command.id %> --on @hosts.txt --json",
  ];
  static override args = { registry: optionalRegistryArgument };
  static override flags = pickFlags("on", "engine", "platform", "ssh", "accept-host-key", "timeout");

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof SetupStatus>): Promise<CommandResult<StatusOutcome>> {
    const { setupStatus } = await import("../../platform/setup-status.ts");
    const platform = await readPlatformFlag(flags);
    const context = await this.context(flags);
    const input = {
      registry: args.registry,
      on: flags.on ?? [],
      engine: await readEngineFlag(flags),
      platform,
      cwd: process.cwd(),
    };
    const { outcome, exitCode } = await setupStatus(input, context);
    const render = async () => (await import("../../report/setup-status.ts")).renderStatus;
    return { document: outcome, exitCode, render };
  }
}

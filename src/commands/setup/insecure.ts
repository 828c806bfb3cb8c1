import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { pickFlags, registryArgument } from "../../flags.ts";
import type { SetupOutcome } from "../../platform/outcome.ts";
import { exitCodeWith, readSetupMode, setupFlags, showsText } from "../../setup-flags.ts";

export default class SetupInsecure extends RegctlCommand<SetupOutcome> {
  static override summary = "Let a docker engine talk to a registry that has no verified certificate.";
  static override description =
    `Finds out how the engine of this machine (or of each --on host) is told, shows what it is going to change, changes it without stopping a container wherever the engine can reload, and proves on the running engine that it took. "regctl setup undo" takes it back.

A registry that speaks plain HTTP needs this; one with a certificate is better served by trusting it.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000",
    "<%= config.bin %> <%= command.id %> 10.0.0.0/24 --dry-run",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --on admin@web1 --on @hosts.txt",
  ];
  static override args = { registry: registryArgument };
  static override flags = { ...setupFlags, ...pickFlags("yes") };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof SetupInsecure>): Promise<CommandResult<SetupOutcome>> {
    const { setupInsecure } = await import("../../platform/setup-insecure.ts");
    const mode = await readSetupMode(flags);
    const context = await this.context(flags);
    const { outcome, exitCode } = await setupInsecure({ ...mode, registry: args.registry }, context);
    const render = async () => (await import("../../report/setup.ts")).renderSetup;
    return {
      document: outcome,
      exitCode: exitCodeWith(flags, outcome, exitCode),
      verbatim: showsText(flags),
      render,
    };
  }
}

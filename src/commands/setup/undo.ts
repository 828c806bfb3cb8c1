import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { RegctlError } from "../../errors.ts";
import { optionalRegistryArgument, pickFlags } from "../../flags.ts";
import type { SetupOutcome } from "../../platform/outcome.ts";
import { exitCodeWith, readSetupMode, setupFlags, showsText } from "../../setup-flags.ts";

export default class SetupUndo extends RegctlCommand<SetupOutcome> {
  static override summary = "Take away what setup added, and nothing else.";
  static override description =
    `Reads the journal that setup left on the host, takes away what it put there for the registry (as insecure, its certificates, as a mirror; --kind for one of them), makes the engine forget it and proves that. What others added stays. With --last the files of the last change come back byte for byte, if nobody edited them since.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000",
    "<%= config.bin %> <%= command.id %> --last --dry-run",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --on admin@web1",
  ];
  static override args = { registry: optionalRegistryArgument };
  static override flags = { ...setupFlags, ...pickFlags("last", "kind", "yes") };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof SetupUndo>): Promise<CommandResult<SetupOutcome>> {
    const last = flags.last === true;
    if (last && flags.kind !== undefined) {
      throw new RegctlError("USAGE", { problem: "--last takes no --kind", type: "regctl setup undo --last" });
    }
    if ((args.registry === undefined) !== last) {
      throw new RegctlError("USAGE", {
        problem: last ? "--last takes no registry" : "name the registry to take away, or --last",
        type: "regctl setup undo REGISTRY",
      });
    }
    const { setupUndo } = await import("../../platform/setup-undo.ts");
    const mode = await readSetupMode(flags);
    const context = await this.context(flags);
    const { outcome, exitCode } = await setupUndo(
      { ...mode, registry: args.registry, last, kinds: flags.kind },
      context,
    );
    const render = async () => (await import("../../report/setup.ts")).renderUndo;
    return {
      document: outcome,
      exitCode: exitCodeWith(flags, outcome, exitCode),
      verbatim: showsText(flags),
      render,
    };
  }
}

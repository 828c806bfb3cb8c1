import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { mirrorArgument, pickFlags } from "../../flags.ts";
import type { SetupOutcome } from "../../platform/outcome.ts";
import { exitCodeWith, readSetupMode, setupFlags, showsText } from "../../setup-flags.ts";

export default class SetupMirror extends RegctlCommand<SetupOutcome> {
  static override summary = "Have a docker engine ask a mirror before Docker Hub.";
  static override description =
    `Adds the mirror to those that the engine of this machine (or of each --on host) asks, makes the engine read it without stopping a container wherever it can reload, and proves on the running engine that it took. "regctl setup undo" takes it back.

Docker's engine asks mirrors for images of Docker Hub alone, in the order of its list, and Docker Hub itself when none of them has the image.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> https://mirror.example:5000",
    "<%= config.bin %> <%= command.id %> http://mirror.example:5000 --on admin@web1 --on @hosts.txt",
  ];
  static override args = { url: mirrorArgument };
  static override flags = { ...setupFlags, ...pickFlags("for", "yes") };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof SetupMirror>): Promise<CommandResult<SetupOutcome>> {
    const { setupMirror } = await import("../../platform/setup-mirror.ts");
    const mode = await readSetupMode(flags);
    const context = await this.context(flags);
    const input = { ...mode, mirror: args.url, upstream: flags.for ?? "docker.io" };
    const { outcome, exitCode } = await setupMirror(input, context);
    const render = async () => (await import("../../report/setup.ts")).renderMirror;
    return {
      document: outcome,
      exitCode: exitCodeWith(flags, outcome, exitCode),
      verbatim: showsText(flags),
      render,
    };
  }
}

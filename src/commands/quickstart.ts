import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import type { QuickstartOutcome } from "../quickstart/quickstart.ts";

export default class Quickstart extends RegctlCommand<QuickstartOutcome> {
  static override summary = "Walk through regctl once: a registry, an image, all the way there and back.";
  static override description =
    "Serves a registry on a free port of this machine with a temporary folder, makes a small image, publishes it, finds it, copies it and fetches it again, and says what to type next on this machine. Each step is shown as you would type it. Nothing else is changed, and nothing is left behind, unless --keep says so.";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --keep",
  ];
  static override flags = {
    keep: boolean({ summary: "Let the registry and its folder stay." }),
  };

  protected override async execute({
    flags,
  }: InputOf<typeof Quickstart>): Promise<CommandResult<QuickstartOutcome>> {
    const [{ quickstart }, { createStepRenderer, stepIndent }, { planRendering }] = await Promise.all([
      import("../quickstart/quickstart.ts"),
      import("../report/quickstart.ts"),
      import("../report/terminal.ts"),
    ]);
    const { environment, program, stderr } = this.surroundings;
    const context = await this.context({ ssh: "auto" });
    const rendering = planRendering(environment, stderr, program);
    const renderStep = createStepRenderer(rendering);
    const quiet = flags.progress === "none" || flags.progress === "json";
    const onStep = (step: Parameters<typeof renderStep>[0]): void => {
      if (!quiet) for (const line of renderStep(step)) stderr.write(`${line}\n`);
    };
    const document = await quickstart(
      { keep: flags.keep === true, columns: rendering.columns - stepIndent, onStep },
      context,
    );
    return { document, render: async () => (await import("../report/quickstart.ts")).renderQuickstart };
  }
}

import { string } from "@oclif/core/args";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import type { InstalledCompletion } from "../../completion/install-completion.ts";

export default class CompletionInstall extends RegctlCommand<InstalledCompletion> {
  static override summary = "Put the completion where the shell finds it.";
  static override description =
    "Only files of your own are written, and none of them is a start file of the shell: what it needs there is printed.";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> zsh",
  ];
  static override args = {
    shell: string({ name: "SHELL", ignoreStdin: true, description: "bash, zsh or fish; that of $SHELL." }),
  };

  protected override async execute({
    args,
  }: InputOf<typeof CompletionInstall>): Promise<CommandResult<InstalledCompletion>> {
    const { installCompletion } = await import("../../completion/install-completion.ts");
    const document = await installCompletion(args.shell, await this.context({ ssh: "auto" }));
    return { document, render: async () => (await import("../../report/installed.ts")).renderCompletion };
  }
}

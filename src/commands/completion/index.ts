import { string } from "@oclif/core/args";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";

interface CompletionOutcome {
  readonly shell: string;
  readonly script: string;
}

export default class Completion extends RegctlCommand<CompletionOutcome> {
  static override summary = "Print what makes the tab key complete regctl's words in a shell.";
  static override description =
    'Commands, flags and their values are completed, and names that live elsewhere: registries, repositories and tags (as the registry last gave them; a press of the key asks for them anew in the background), images of the engine, SSH hosts, tunnels and docker contexts. "regctl completion install" puts it where the shell finds it.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> bash > regctl.bash",
    "<%= config.bin %> <%= command.id %> install",
  ];
  static override args = {
    shell: string({ name: "SHELL", ignoreStdin: true, description: "bash, zsh or fish; that of $SHELL." }),
  };

  protected override async execute({
    args,
  }: InputOf<typeof Completion>): Promise<CommandResult<CompletionOutcome>> {
    const [{ chooseShell }, { completionScript }] = await Promise.all([
      import("../../completion/install-completion.ts"),
      import("../../completion/scripts.ts"),
    ]);
    const shell = chooseShell(args.shell, this.surroundings.environment);
    const script = completionScript(shell);
    return { document: { shell, script }, raw: Buffer.from(script), render: async () => () => [] };
  }
}

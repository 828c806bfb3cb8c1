import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import type { TunnelLogOutcome } from "../../tunnel/tunnel-log.ts";

export default class TunnelLogs extends RegctlCommand<TunnelLogOutcome> {
  static override summary = "Show what a tunnel has told, also one that has ended.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> ann@server",
    "<%= config.bin %> <%= command.id %> ann@server --follow",
  ];
  static override args = {
    name: argument({
      name: "NAME",
      required: true,
      ignoreStdin: true,
      description: "Its name, or its server.",
    }),
  };
  static override flags = {
    follow: boolean({ char: "f", summary: "Go on with what is told from now on, until Ctrl-C." }),
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof TunnelLogs>): Promise<CommandResult<TunnelLogOutcome>> {
    const { followTunnelLog, readTunnelLog } = await import("../../tunnel/tunnel-log.ts");
    const context = await this.context({ ssh: "auto" });
    const document = await readTunnelLog(args.name, context);
    const render = async () => (outcome: TunnelLogOutcome) => outcome.lines;
    if (!flags.follow) return { document, verbatim: true, render };
    const { guardLine } = await import("../../report/style.ts");
    const say = (line: string) => void process.stdout.write(`${guardLine(line, false)}\n`);
    return { document, verbatim: true, render, running: followTunnelLog(document, say, context) };
  }
}

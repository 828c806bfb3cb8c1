import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { readStorageFlag, storageFlag } from "../../serve-flags.ts";
import type { ServersOutcome } from "../../server/running-servers.ts";

export default class ServeStatus extends RegctlCommand<ServersOutcome> {
  static override summary = "Show the registry servers that run here.";
  static override description =
    `Those of this user, and those that systemd runs for everybody where this user may ask them. The exit code is 5 when none runs.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --json",
  ];
  static override flags = storageFlag;

  protected override async execute({
    flags,
  }: InputOf<typeof ServeStatus>): Promise<CommandResult<ServersOutcome>> {
    const { readServerStatus } = await import("../../server/running-servers.ts");
    const context = await this.context({ ssh: "auto" });
    const { named, path } = await readStorageFlag(flags.storage, context);
    const document = await readServerStatus(named ? path : null, context);
    return { document, render: async () => (await import("../../report/serve.ts")).renderServers };
  }
}

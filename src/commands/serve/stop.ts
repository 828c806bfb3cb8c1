import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { readStorageFlag, storageFlag } from "../../serve-flags.ts";
import type { ServersOutcome } from "../../server/running-servers.ts";

export default class ServeStop extends RegctlCommand<ServersOutcome> {
  static override summary = "Stop the registry servers that run here.";
  static override description =
    `All of this user, or the one of --storage. They take no new requests, let what is in flight end within 30 seconds, and this command comes back when they have stopped. The exit code is 5 when none runs.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --storage /srv/registry",
  ];
  static override flags = storageFlag;

  protected override async execute({
    flags,
  }: InputOf<typeof ServeStop>): Promise<CommandResult<ServersOutcome>> {
    const { stopServers } = await import("../../server/running-servers.ts");
    const context = await this.context({ ssh: "auto" });
    const { named, path } = await readStorageFlag(flags.storage, context);
    const document = await stopServers(named ? path : null, context);
    return { document, render: async () => (await import("../../report/serve.ts")).renderStopped };
  }
}

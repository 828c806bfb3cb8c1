import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { readStorageFlag, storageFlag } from "../../serve-flags.ts";
import type { ServersOutcome } from "../../server/running-servers.ts";

export default class ServeStop extends RegctlCommand<ServersOutcome> {
  static override summary = "Stop a registry server that runs here.";
  static override description =
    `The only one of this user, or the one of --storage; where several run it asks which, and --all stops them all. It takes no new requests, lets what is in flight end within 30 seconds, and this command comes back when it has stopped. The exit code is 5 when none runs.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --storage /srv/registry",
    "<%= config.bin %> <%= command.id %> --all",
  ];
  static override flags = {
    ...storageFlag,
    all: boolean({ summary: "All that run.", exclusive: ["storage"] }),
  };

  protected override async execute({
    flags,
  }: InputOf<typeof ServeStop>): Promise<CommandResult<ServersOutcome>> {
    const { stopServers } = await import("../../server/running-servers.ts");
    const context = await this.context({ ssh: "auto" });
    const { named, path } = await readStorageFlag(flags.storage, context);
    const wish = { storage: named ? path : null, all: flags.all === true };
    const document = await stopServers(wish, context);
    return { document, render: async () => (await import("../../report/serve.ts")).renderStopped };
  }
}

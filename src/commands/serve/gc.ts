import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { pickFlags } from "../../flags.ts";
import { readStorageFlag, storageFlag } from "../../serve-flags.ts";
import type { GcOutcome } from "../../server/running-servers.ts";

export default class ServeGc extends RegctlCommand<GcOutcome> {
  static override summary = "Remove what no image of the served registry needs any more.";
  static override description =
    `The running server does it while it serves; without one, this command does. What was written, mounted or asked for within the last hour stays, so that pushes under way lose nothing.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> --dry-run",
    "<%= config.bin %> <%= command.id %> --untagged --storage /srv/registry",
  ];
  static override flags = {
    ...storageFlag,
    untagged: boolean({ summary: "Also images that no tag, index or other image names." }),
    ...pickFlags("dry-run"),
  };

  protected override async execute({ flags }: InputOf<typeof ServeGc>): Promise<CommandResult<GcOutcome>> {
    const { runGc } = await import("../../server/running-servers.ts");
    const context = await this.context({ ssh: "auto" });
    const options = { dryRun: flags["dry-run"] === true, untagged: flags.untagged === true };
    const document = await runGc(await readStorageFlag(flags.storage, context), options, context);
    return { document, render: async () => (await import("../../report/serve-storage.ts")).renderGc };
  }
}

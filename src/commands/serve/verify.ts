import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { readStorageFlag, storageFlag } from "../../serve-flags.ts";
import type { VerifyOutcome } from "../../server/running-servers.ts";

export default class ServeVerify extends RegctlCommand<VerifyOutcome> {
  static override summary = "Read everything that the served registry keeps, and name what is damaged.";
  static override description =
    `Every blob is hashed again. What is damaged is not served from then on; pushing it again heals it. The running server does it while it serves; without one, this command does. The exit code is 1 when something is damaged.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --storage /srv/registry --json",
  ];
  static override flags = storageFlag;

  protected override async execute({
    flags,
  }: InputOf<typeof ServeVerify>): Promise<CommandResult<VerifyOutcome>> {
    const { runVerify } = await import("../../server/running-servers.ts");
    const context = await this.context({ ssh: "auto" });
    const document = await runVerify(await readStorageFlag(flags.storage, context), context);
    const render = async () => (await import("../../report/serve-storage.ts")).renderVerify;
    return { document, exitCode: document.ok ? 0 : 1, render };
  }
}

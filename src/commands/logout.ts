import type { LogOutOutcome } from "../access/log-out.ts";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { oneRegistryArgument, tunnelFlags } from "../flags.ts";

export default class Logout extends RegctlCommand<LogOutOutcome> {
  static override summary = "Forget the login of a registry.";
  static override description =
    `Erases it where "docker logout" would, credential helpers included. Nobody is asked over the network.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> registry.example:5000",
  ];
  static override args = { registry: oneRegistryArgument };
  static override flags = tunnelFlags;

  protected override async execute({ args }: InputOf<typeof Logout>): Promise<CommandResult<LogOutOutcome>> {
    const { logOut } = await import("../access/log-out.ts");
    const context = await this.context({ ssh: "auto" });
    const document = await logOut({ registry: args.registry }, context);
    return { document, render: async () => (await import("../report/login.ts")).renderLogOut };
  }
}

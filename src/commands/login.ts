import type { LogInOutcome } from "../access/log-in.ts";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { oneRegistryArgument, pickFlags, tunnelFlags } from "../flags.ts";

export default class Login extends RegctlCommand<LogInOutcome> {
  static override summary = "Log in to a registry, for regctl and for docker.";
  static override description =
    `Tries the login, and stores it exactly where "docker login" would: with the credential helper of Docker's config.json, or in that file. "docker push" and "docker pull" then use it too.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000",
    "<%= config.bin %> <%= command.id %> registry.example -u ci --password-stdin < token.txt",
  ];
  static override args = { registry: oneRegistryArgument };
  static override flags = {
    ...pickFlags("username", "password-stdin", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Login>): Promise<CommandResult<LogInOutcome>> {
    const { logIn } = await import("../access/log-in.ts");
    const context = await this.context({ ssh: "auto" });
    const { insecure, ca, timeout, username } = flags;
    const passwordStdin = flags["password-stdin"] === true;
    const input = { registry: args.registry, insecure, ca, timeoutSeconds: timeout, username, passwordStdin };
    const document = await logIn(input, context);
    return { document, render: async () => (await import("../report/login.ts")).renderLogIn };
  }
}

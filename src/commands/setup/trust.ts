import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import { pickFlags, trustedRegistryArgument } from "../../flags.ts";
import type { SetupOutcome } from "../../platform/outcome.ts";
import { exitCodeWith, readSetupMode, setupFlags, showsText } from "../../setup-flags.ts";

export default class SetupTrust extends RegctlCommand<SetupOutcome> {
  static override summary = "Have a docker engine trust a registry's certificate.";
  static override description =
    `Puts the authority of a registry's certificate where the engine of this machine (or of each --on host) reads it, takes the registry out of the insecure list, and has the engine itself ask the registry over TLS. No restart, no reload unless it was listed as insecure. "regctl setup undo" takes it back.

Without --ca the certificate comes from "regctl serve" on this machine, or from the registry itself: then its fingerprint is shown and asked for, and --fingerprint answers it.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000 --ca ca.pem",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --fingerprint sha256:... --on admin@web1",
    "<%= config.bin %> <%= command.id %> registry.example:5000 --ca ca.pem --cert me.pem --key me.key",
  ];
  static override args = { registry: trustedRegistryArgument };
  static override flags = {
    ...setupFlags,
    ...pickFlags("ca", "fingerprint", "cert", "key", "system", "yes"),
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof SetupTrust>): Promise<CommandResult<SetupOutcome>> {
    const { setupTrust } = await import("../../platform/setup-trust.ts");
    const mode = await readSetupMode(flags);
    const context = await this.context(flags);
    const { ca, fingerprint, cert, key } = flags;
    const input = { ...mode, registry: args.registry, ca, fingerprint, cert, key };
    const { outcome, exitCode } = await setupTrust({ ...input, system: flags.system === true }, context);
    const render = async () => (await import("../../report/setup.ts")).renderTrust;
    return {
      document: outcome,
      exitCode: exitCodeWith(flags, outcome, exitCode),
      verbatim: showsText(flags),
      render,
    };
  }
}

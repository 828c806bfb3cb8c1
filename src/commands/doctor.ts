import { string } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import type { DoctorOutcome } from "../doctor/outcome.ts";
import { imageOrRegistryArgument, pickFlags } from "../flags.ts";
import { readPlatformFlag } from "../setup-flags.ts";

export default class Doctor extends RegctlCommand<DoctorOutcome> {
  static override summary = "Find what is wrong between an engine and a registry, and what to type.";
  static override description =
    `Walks the whole way from the host where the engine runs: its configuration, names, proxies, connection, HTTP or HTTPS, certificate, who answers, login, rights. Ends with the one most probable cause. Without a registry, shows what this machine has. Nothing is changed; exit 1 when a check failed.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000",
    "<%= config.bin %> <%= command.id %> registry.example:5000/team/app:1.0 --on admin@web1",
    "<%= config.bin %> <%= command.id %> --write --json",
    "docker pull registry.example:5000/app 2>&1 | <%= config.bin %> <%= command.id %> --explain -",
  ];
  static override args = { registry: imageOrRegistryArgument };
  static override flags = {
    ...pickFlags(
      "on",
      "write",
      "fix",
      "yes",
      "fingerprint",
      "insecure",
      "ca",
      "platform",
      "ssh",
      "accept-host-key",
      "timeout",
    ),
    explain: string({
      helpValue: "TEXT",
      exclusive: ["on", "write", "fix", "insecure", "ca", "platform"],
      summary: "Say what a message of docker, podman, kubelet or the like means; - reads standard input.",
    }),
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Doctor>): Promise<CommandResult<DoctorOutcome>> {
    const context = await this.context(flags);
    const load = () => import("../report/doctor.ts");
    if (flags.explain !== undefined) {
      const { readExplanation } = await import("../doctor/explain-message.ts");
      const document = await readExplanation(flags.explain, args.registry, context);
      return { document, exitCode: document.ok ? 0 : 1, render: async () => (await load()).renderExplained };
    }
    const { doctor } = await import("../doctor/fix.ts");
    const platform = await readPlatformFlag(flags);
    const { on = [], write = false, fix = false, yes = false } = flags;
    const trust = { insecure: flags.insecure, ca: flags.ca };
    const reach = { ssh: flags.ssh, acceptHostKey: flags["accept-host-key"] ?? [] };
    const where = { given: args.registry, on, cwd: process.cwd(), platform, timeoutSeconds: flags.timeout };
    const document = await doctor(
      { ...where, ...trust, write, fix, yes, fingerprint: flags.fingerprint, reach },
      context,
    );
    return { document, exitCode: document.ok ? 0 : 1, render: async () => (await load()).renderDoctor };
  }
}

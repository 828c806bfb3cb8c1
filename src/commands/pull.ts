import { string } from "@oclif/core/args";
import { option, string as text } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { platformOfMachine } from "../browse/machine-platform.ts";
import { imagePlatformFlag, pickFlags, tunnelFlags } from "../flags.ts";
import type { PullOutcome } from "../pull/outcome.ts";

export default class Pull extends RegctlCommand<PullOutcome> {
  static override summary = "Pull images into the engine, also from a registry that it does not trust.";
  static override description =
    "The engine pulls by itself where it trusts the registry; else regctl fetches the layers, verifies them and has the engine load them. What the engine has already is not fetched. Interrupted and run again, it goes on where it stopped. With --output no engine is needed.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> team/app:1.0",
    "<%= config.bin %> <%= command.id %> registry.example:5000/app:1.0 --as app:1.0",
    "<%= config.bin %> <%= command.id %> app:1.0 --output docker-archive:app.tar --platform linux/arm64",
  ];
  static override args = {
    name: string({
      name: "NAME",
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: "[HOST[:PORT]/]NAME[:TAG] or NAME@DIGEST; several may be given.",
    }),
  };
  static override flags = {
    as: text({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "NAME[:TAG]",
      summary: "Call the image this too, without the registry; may be repeated.",
    }),
    output: text({
      char: "o",
      helpValue: "KIND:PATH",
      summary: "Write oci:DIR, oci-archive:FILE or docker-archive:FILE; no engine is needed.",
    }),
    via: option({
      options: ["engine", "direct"] as const,
      summary: "Let the engine pull, or fetch and load; found out when left out.",
    })(),
    ...imagePlatformFlag,
    ...pickFlags("context", "registry", "insecure", "ca", "yes", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Pull>): Promise<CommandResult<PullOutcome>> {
    const [{ pullImages }, context] = await Promise.all([
      import("../pull/pull-images.ts"),
      this.context({ ssh: "auto" }),
    ]);
    const { output, via, platform, registry, insecure, ca, timeout } = flags;
    const pulled = await pullImages(
      {
        references: args.name,
        as: flags.as ?? [],
        output,
        via,
        platform,
        registry,
        insecure,
        ca,
        context: flags.context,
        overwrite: flags.yes === true,
        timeoutSeconds: timeout,
        machine: platformOfMachine(process.arch),
      },
      context,
    );
    return { ...pulled, render: async () => (await import("../report/pull.ts")).renderPull };
  }
}

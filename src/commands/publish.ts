import { string } from "@oclif/core/args";
import { boolean, option, string as text } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { pickFlags, tunnelFlags } from "../flags.ts";
import type { PublishOutcome } from "../publish/outcome.ts";

export default class Publish extends RegctlCommand<PublishOutcome> {
  static override summary =
    "Tag an image and push it into a registry, also one that the engine does not trust.";
  static override description =
    "IMAGE is an id, the beginning of one, or a name in the engine; or it lies in a file: oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], or the path of a tar of `docker save`. Layers are packed on all cores while they are read and sent; what the registry has already is neither read nor sent. Run again after an interruption, it goes on where it stopped. Several names publish one upload; without a NAME it is the image's own.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> 3f2a9c team/app:1.0",
    "<%= config.bin %> <%= command.id %> app:1.0 registry.example:5000/app:1.0 registry.example:5000/app:latest",
    "<%= config.bin %> <%= command.id %> docker-archive:app.tar app:1.0 --compression zstd",
  ];
  static override args = {
    image: string({
      name: "IMAGE",
      required: true,
      ignoreStdin: true,
      description: "An id or name in the engine, or an image in a file.",
    }),
    name: string({
      name: "NAME",
      multiple: true,
      ignoreStdin: true,
      description: "[HOST[:PORT]/]NAME[:TAG]; several may be given.",
    }),
  };
  static override flags = {
    via: option({
      options: ["engine", "direct"] as const,
      summary:
        "Let the engine push, or read the image out of it and send it from here; found out when left out.",
    })(),
    compression: text({
      helpValue: "gzip|zstd|none[:LEVEL]",
      summary: "How layers are packed that are not packed yet; gzip:1 when left out.",
    }),
    format: option({
      options: ["docker", "oci"] as const,
      summary: "The format of the manifest of such an image; docker when left out, oci with zstd.",
    })(),
    "no-tag": boolean({ summary: "Do not give the image its new names in the engine." }),
    "no-overwrite": boolean({ summary: "Stop with exit code 3 when a tag leads to another image." }),
    ...pickFlags("dry-run", "registry", "insecure", "ca", "context", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Publish>): Promise<CommandResult<PublishOutcome>> {
    const { publishImage } = await import("../publish/publish.ts");
    const context = await this.context({ ssh: "auto" });
    const document = await publishImage(
      {
        image: args.image,
        names: args.name ?? [],
        via: flags.via,
        compression: flags.compression,
        format: flags.format,
        tag: flags["no-tag"] !== true,
        overwrite: flags["no-overwrite"] !== true,
        dryRun: flags["dry-run"] === true,
        registry: flags.registry,
        context: flags.context,
        trust: { insecure: flags.insecure, ca: flags.ca },
        timeoutSeconds: flags.timeout,
      },
      context,
    );
    return { document, render: async () => (await import("../report/publish.ts")).renderPublish };
  }
}

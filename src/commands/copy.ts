import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { copyArguments, imagePlatformFlag, pickFlags, tunnelFlags } from "../flags.ts";
import type { CopyOutcome } from "../transfer/outcome.ts";

export default class Copy extends RegctlCommand<CopyOutcome> {
  static override summary = "Copy an image between registries, OCI layouts and archives.";
  static override description =
    "SRC and DST are NAME[:TAG] or NAME@DIGEST of a registry, oci:DIR[:TAG], oci-archive:FILE[:TAG], or docker-archive:FILE[:NAME:TAG]. All platforms are copied, and digests stay what they are. Only what is missing at the destination travels; run again after an interruption, it goes on where it stopped. --insecure and --ca are about the destination, or about the only registry; --src-insecure and --src-ca about a source that is another one.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> docker.io/library/alpine:3.20 registry.example:5000/alpine",
    "<%= config.bin %> <%= command.id %> app:1.0 oci-archive:app.tar --platform linux/arm64",
    "<%= config.bin %> <%= command.id %> old.example/app new.example/app --all-tags --referrers",
  ];
  static override args = copyArguments;
  static override flags = {
    ...pickFlags("all-tags", "filter", "referrers", "dry-run", "yes", "registry", "insecure", "ca"),
    ...pickFlags("src-insecure", "src-ca", "timeout"),
    ...imagePlatformFlag,
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Copy>): Promise<CommandResult<CopyOutcome>> {
    const { copyImages } = await import("../transfer/copy.ts");
    const context = await this.context({ ssh: "auto" });
    const { document, exitCode } = await copyImages(
      {
        source: args.src,
        destination: args.dst,
        registry: flags.registry,
        trust: { insecure: flags.insecure, ca: flags.ca },
        sourceTrust: { insecure: flags["src-insecure"], ca: flags["src-ca"] },
        platform: flags.platform,
        referrers: flags.referrers === true,
        allTags: flags["all-tags"] === true,
        filter: flags.filter,
        dryRun: flags["dry-run"] === true,
        overwrite: flags.yes === true,
        timeoutSeconds: flags.timeout,
      },
      context,
    );
    return { document, exitCode, render: async () => (await import("../report/copy.ts")).renderCopy };
  }
}

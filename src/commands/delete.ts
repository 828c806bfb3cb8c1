import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import type { DeleteOutcome } from "../browse/delete-outcome.ts";
import { pickFlags, tunnelFlags } from "../flags.ts";

const pending = 10;

export default class Delete extends RegctlCommand<DeleteOutcome> {
  static override summary = "Delete a tag from a registry, and nothing else.";
  static override description =
    `Other tags on the same image stay, on every registry. In the tag's place a pattern may stand ('app:v1.*'): then the list of what goes is shown and asked about. With a digest behind it (NAME:TAG@sha256:...) the tag goes only while it points there.

With --digest the manifest itself goes, with every tag on it; they are listed and asked about first. NAME@sha256:... names a manifest without a tag.

The space is free again when the registry has collected its garbage.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> registry.example:5000/team/app:1.0",
    "<%= config.bin %> <%= command.id %> 'app:pr-*' --dry-run",
    "<%= config.bin %> <%= command.id %> --digest app:1.0 --yes",
  ];
  static override args = {
    ref: string({
      name: "REF",
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: "Tag as [HOST[:PORT]/]NAME:TAG; several may be given.",
    }),
  };
  static override flags = {
    digest: boolean({ summary: "Delete the manifest that the tag points to, with every tag on it." }),
    ...pickFlags("yes", "dry-run", "exit-code", "registry", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Delete>): Promise<CommandResult<DeleteOutcome>> {
    const { deleteImages } = await import("../browse/delete.ts");
    const context = await this.context({ ssh: "auto" });
    const { registry, insecure, ca, timeout, yes = false, digest = false } = flags;
    const dryRun = flags["dry-run"] === true;
    const trust = { registry, insecure, ca, timeoutSeconds: timeout };
    const input = { references: args.ref, digest, dryRun, yes, ...trust };
    const { outcome, exitCode } = await deleteImages(input, context);
    const waits = flags["exit-code"] === true && outcome.items.some(({ deleted }) => deleted !== "none");
    const render = async () => (await import("../report/delete.ts")).renderDelete;
    return { document: outcome, exitCode: exitCode === 0 && waits ? pending : exitCode, render };
  }
}

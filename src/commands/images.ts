import { string } from "@oclif/core/args";
import { boolean, option } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { pickFlags, tunnelFlags } from "../flags.ts";
import { type ImagesOutcome, imageOrders } from "../publish/images-outcome.ts";
import type { RenderOptions } from "../report/terminal.ts";

export default class Images extends RegctlCommand<ImagesOutcome> {
  static override summary = "List the engine's images, and which of them the registry has.";
  static override description =
    "PUBLISHED says what the default registry has under the same name and tag: this very image (yes), another one (older, or newer there), nothing (no), or that it could not be asked (unknown).";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> 'team/*' --unpublished",
    "<%= config.bin %> <%= command.id %> app --registry registry.example:5000 --json",
  ];
  static override args = {
    filter: string({
      name: "FILTER",
      ignoreStdin: true,
      description: "A part of NAME:TAG, a glob, or a regular expression between slashes.",
    }),
  };
  static override flags = {
    unpublished: boolean({ summary: "Only those that the registry does not have as they are here." }),
    sort: option({
      options: imageOrders,
      default: "created",
      summary: "created: the newest first; size: the largest; name: ascending.",
    })(),
    ...pickFlags("context", "registry", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Images>): Promise<CommandResult<ImagesOutcome>> {
    const [{ listImages }, world] = await Promise.all([
      import("../publish/images.ts"),
      this.context({ ssh: "auto" }),
    ]);
    const { sort, registry, insecure, ca, context, timeout } = flags;
    const unpublished = flags.unpublished === true;
    const trust = { registry, insecure, ca, context, timeoutSeconds: timeout };
    const document = await listImages({ filter: args.filter, unpublished, sort, ...trust }, world);
    const render = async () => {
      const { renderImages } = await import("../report/images.ts");
      return (outcome: ImagesOutcome, options: RenderOptions) => renderImages(outcome, options, new Date());
    };
    return { document, render };
  }
}

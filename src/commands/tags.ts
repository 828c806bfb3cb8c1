import { string } from "@oclif/core/args";
import { option } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { platformOfMachine } from "../browse/machine-platform.ts";
import { tagOrders } from "../browse/tag-order.ts";
import type { TagsOutcome } from "../browse/tags-outcome.ts";
import { pickFlags, tunnelFlags } from "../flags.ts";
import type { RenderOptions } from "../report/terminal.ts";

export default class Tags extends RegctlCommand<TagsOutcome> {
  static override summary = "List the tags of a repository, the newest first.";
  static override description =
    `Shows when each image was made, how many bytes a pull of it moves, its platforms and its digest; a tag on the same digest as one above it says so. What a digest stands for is remembered, which digest a tag has is asked every time.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> team/app",
    "<%= config.bin %> <%= command.id %> registry.example:5000/app --sort semver --limit 10",
    "<%= config.bin %> <%= command.id %> app --filter '1.*' --json",
  ];
  static override args = {
    name: string({
      name: "NAME",
      required: true,
      ignoreStdin: true,
      description: "Repository as [HOST[:PORT]/]NAME.",
    }),
  };
  static override flags = {
    sort: option({
      options: tagOrders,
      default: "created",
      summary: "created: the newest first; size: the largest; semver: the highest; name: ascending.",
    })(),
    ...pickFlags("filter", "limit", "registry", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Tags>): Promise<CommandResult<TagsOutcome>> {
    const [{ listTags }, context] = await Promise.all([
      import("../browse/list-tags.ts"),
      this.context({ ssh: "auto" }),
    ]);
    const { sort, filter, limit, registry, insecure, ca, timeout } = flags;
    const trust = { registry, insecure, ca, timeoutSeconds: timeout };
    const machine = platformOfMachine(process.arch);
    const outcome = await listTags({ name: args.name, sort, filter, limit, machine, ...trust }, context);
    const render = async () => {
      const { renderTags } = await import("../report/tags.ts");
      return (document: TagsOutcome, options: RenderOptions) => renderTags(document, options, new Date());
    };
    return { ...outcome, render };
  }
}

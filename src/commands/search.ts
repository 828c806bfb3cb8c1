import { string } from "@oclif/core/args";
import { boolean, option, string as text } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { platformOfMachine } from "../browse/machine-platform.ts";
import { type SearchOutcome, searchOrders } from "../browse/search-outcome.ts";
import { pickFlags, tunnelFlags } from "../flags.ts";
import type { RenderOptions } from "../report/terminal.ts";

export default class Search extends RegctlCommand<SearchOutcome> {
  static override summary = "Search a registry for repositories by name.";
  static override description =
    `Names with the term in them come first, then those that have its letters in order. Shows how many tags each repository has, and of 25 of them the newest image, found among their 20 likeliest tags. Repositories without tags are left out. A registry may stand before the term, as for "docker search".`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> app",
    "<%= config.bin %> <%= command.id %> registry.example:5000/",
    "<%= config.bin %> <%= command.id %> --sort updated --since 30d",
    "<%= config.bin %> <%= command.id %> 1.2 --tags --json",
  ];
  static override args = {
    term: string({
      name: "TERM",
      ignoreStdin: true,
      description: "Part of a name as [HOST[:PORT]/]TERM; everything when left out.",
    }),
  };
  static override flags = {
    tags: boolean({ summary: "Look for the term in the names of tags as well." }),
    sort: option({
      options: searchOrders,
      default: "match",
      summary: "match: the best fit first; updated: the newest, for which every tag is looked at; name.",
    })(),
    since: text({
      helpValue: "DURATION",
      summary: "Only what was made within 90s, 15m, 12h or 30d; every tag is looked at.",
    }),
    ...pickFlags("limit", "registry", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({
    args,
    flags,
  }: InputOf<typeof Search>): Promise<CommandResult<SearchOutcome>> {
    const [{ searchRegistry }, context] = await Promise.all([
      import("../browse/search-registry.ts"),
      this.context({ ssh: "auto" }),
    ]);
    const { sort, since, limit, registry, insecure, ca, timeout } = flags;
    const wish = { term: args.term, tags: flags.tags === true, sort, since, limit };
    const trust = { registry, insecure, ca, timeoutSeconds: timeout };
    const machine = platformOfMachine(process.arch);
    const outcome = await searchRegistry({ ...wish, ...trust, machine }, context);
    const render = async () => {
      const { renderSearch } = await import("../report/search.ts");
      return (document: SearchOutcome, options: RenderOptions) => renderSearch(document, options, new Date());
    };
    return { ...outcome, render };
  }
}

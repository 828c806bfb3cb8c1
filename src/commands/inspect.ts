import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../base-command.ts";
import { platformOfMachine } from "../browse/machine-platform.ts";
import { imagePlatformFlag, pickFlags, tunnelFlags } from "../flags.ts";
import type { RenderOptions } from "../report/terminal.ts";

export default class Inspect extends RegctlCommand<object> {
  static override summary = "Show an image: platforms, configuration, layers, and what refers to it.";
  static override description =
    `Reads manifests and configurations, never layers. Without --platform the text shows the variant for this machine in detail, and --json all of them. Helm charts, signatures and other artifacts are shown, too.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> app:1.2",
    "<%= config.bin %> <%= command.id %> registry.example:5000/app --platform linux/arm64",
    "<%= config.bin %> <%= command.id %> app:1.2 --raw | sha256sum",
  ];
  static override args = {
    ref: string({
      name: "REF",
      required: true,
      ignoreStdin: true,
      description: "Image as [HOST[:PORT]/]NAME[:TAG][@DIGEST].",
    }),
  };
  static override flags = {
    raw: boolean({ summary: "Print the manifest's own bytes and nothing else, also with --json." }),
    ...imagePlatformFlag,
    ...pickFlags("registry", "insecure", "ca", "timeout"),
    ...tunnelFlags,
  };

  protected override async execute({ args, flags }: InputOf<typeof Inspect>): Promise<CommandResult<object>> {
    const [{ inspect, inspectRaw }, context] = await Promise.all([
      import("../browse/inspect-image.ts"),
      this.context({ ssh: "auto" }),
    ]);
    const { platform, registry, insecure, ca, timeout } = flags;
    const trust = { registry, insecure, ca, timeoutSeconds: timeout };
    const machine = platformOfMachine(process.arch);
    const input = { reference: args.ref, platform, machine, ...trust };
    if (flags.raw === true) return rawResult(await inspectRaw(input, context));
    const outcome = await inspect(input, context);
    const render = async () => {
      const { renderInspect } = await import("../report/inspect.ts");
      return (_: object, options: RenderOptions) => renderInspect(outcome.document, options, new Date());
    };
    return { ...outcome, verbatim: true, render };
  }
}

function rawResult(raw: Buffer): CommandResult<object> {
  return { document: {}, raw, render: async () => () => [] };
}

import type { Plan } from "./plan.ts";

/** A plan as shell lines that a person with rights can paste on the host. Pure. */
export function renderPaste(plan: Plan, quote: (argv: readonly string[]) => string): readonly string[] {
  if (plan.kind === "nothing") return [];
  const lines: string[] = [];
  const kept = new Set<string>();
  for (const phase of plan.phases) {
    for (const edit of phase.edits) {
      const path = quote([edit.target]);
      if (edit.before !== null && !kept.has(edit.target)) {
        kept.add(edit.target);
        lines.push(`sudo cp -p ${path} ${quote([`${edit.target}.before-regctl`])}`);
      }
      if (edit.after === null) lines.push(`sudo rm ${path}`);
      else lines.push(...writeLines(edit.target, edit.after, quote));
    }
    const { activation } = phase;
    if (activation.kind === "reload") lines.push(`sudo ${quote(activation.command)}`);
    if (activation.kind === "restart")
      lines.push(...activation.commands.map((command) => `sudo ${quote(command)}`));
  }
  return lines;
}

function writeLines(
  path: string,
  text: string,
  quote: (argv: readonly string[]) => string,
): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  const make = `sudo mkdir -p ${quote([folder])}`;
  if (!text.endsWith("\n") || text.includes("\r") || text.includes("\nREGCTL_END\n")) {
    return [make, `printf %s ${quote([text])} | sudo tee ${quote([path])} >/dev/null`];
  }
  return [
    make,
    `sudo tee ${quote([path])} >/dev/null <<'REGCTL_END'`,
    ...text.slice(0, -1).split("\n"),
    "REGCTL_END",
  ];
}

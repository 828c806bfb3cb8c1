import type { Plan } from "./plan.ts";

/** A plan as shell lines that a person with rights can paste on the host; files of one's own need none. Pure. */
export function renderPaste(plan: Plan, quote: (argv: readonly string[]) => string): readonly string[] {
  if (plan.kind === "nothing") return [];
  const sudo = plan.asLogin ? "" : "sudo ";
  const lines: string[] = [];
  const kept = new Set<string>();
  for (const phase of plan.phases) {
    for (const edit of phase.edits) {
      const path = quote([edit.target]);
      if (edit.before !== null && !kept.has(edit.target)) {
        kept.add(edit.target);
        lines.push(`${sudo}cp -p ${path} ${quote([`${edit.target}.before-regctl`])}`);
      }
      if (edit.after === null) lines.push(`${sudo}rm ${path}`);
      else if (edit.secret) lines.push(`# put the client's key there by hand, mode 0600: ${path}`);
      else lines.push(...writeLines(edit.target, edit.after, quote, sudo));
      if (edit.after === null)
        lines.push(...(edit.folders ?? []).map((folder) => `${sudo}rmdir ${quote([folder])}`));
    }
    const { activation } = phase;
    if (activation.kind === "reload") lines.push(`${sudo}${quote(activation.command)}`);
    if (activation.kind === "restart" || activation.kind === "command")
      lines.push(...activation.commands.map((command) => `${sudo}${quote(command)}`));
  }
  return lines;
}

/** One line each, so that it survives being copied from a terminal; no here-document to be indented. */
function writeLines(
  path: string,
  text: string,
  quote: (argv: readonly string[]) => string,
  sudo: string,
): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  const plain = text.endsWith("\n") && !unpasteable.test(text);
  const print = plain
    ? `printf '%s\\n' ${text
        .slice(0, -1)
        .split("\n")
        .map((line) => quote([line]))
        .join(" ")}`
    : `printf %b ${quote([escapeForPrintf(text)])}`;
  return [`${sudo}mkdir -p ${quote([folder])}`, `${print} | ${sudo}tee ${quote([path])} >/dev/null`];
}

/** What a terminal does not take as text when it is pasted: a tab completes a word, a return ends the line. */
const unpasteable = /[^\P{Cc}\n]/u;

function escapeForPrintf(text: string): string {
  const escaped = (character: string) =>
    [...Buffer.from(character)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replace(/\p{Cc}/gu, escaped);
}

/** A question as a person sees it: what stands above it, and the line that asks. */
import type { PresentedQuestion, Question } from "../ports.ts";
import { linesAsTyped } from "./own-commands.ts";
import { createStyle, escapeControl } from "./style.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderQuestion(question: Question, options: RenderOptions): PresentedQuestion {
  const style = createStyle(options);
  const details = question.kind === "consent" ? linesAsTyped(question.details ?? [], options) : [];
  const where = question.host === undefined ? "" : `${escapeControl(question.host)}: `;
  return {
    above: details.flatMap((line) => renderDetail(line, options)).map((line) => `  ${style.dim(line)}`),
    message: where + escapeControl(question.question),
    mark: style.green(style.symbols.ok),
  };
}

/** A line to copy stays whole. */
function renderDetail(line: string, { columns }: RenderOptions): readonly string[] {
  const text = escapeControl(line);
  return /^ *\$ /.test(text) ? [text] : wrap(text, columns - 2, "  ");
}

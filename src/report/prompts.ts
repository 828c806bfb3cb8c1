/** A question as a person sees it: what stands above it, and the line that asks. */
import type { Question } from "../ports.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export interface AskedQuestion {
  readonly above: readonly string[];
  readonly message: string;
}

export function renderQuestion(question: Question, options: RenderOptions): AskedQuestion {
  const style = createStyle(options);
  const details = question.kind === "consent" ? (question.details ?? []) : [];
  const where = question.host === undefined ? "" : `${escapeControl(question.host)}: `;
  return {
    above: details.map((line) => `  ${style.dim(escapeControl(line))}`),
    message: where + escapeControl(question.question),
  };
}

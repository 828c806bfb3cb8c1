/** What `init` did, or would do, as lines. Command lines stay whole, so that they can be copied. */
import type { InitOutcome, InitStep } from "../init/outcome.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** A step that is over, or was not come to. */
function wordsOf({ about, result, state }: InitStep): string {
  switch (state) {
    case "done":
      return sentenceOf(result);
    case "not-needed":
      return "No login is asked for.";
    default:
      return `Not done: ${about}`;
  }
}

export function renderInit(outcome: InitOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { dryRun, ok, notes } = outcome;
  const steps = outcome.steps.flatMap((step, index) => renderStep(step, index + 1, options, style));
  const told = notes.flatMap((note) => renderSentence("- ", `${sentenceOf(note)}`, options, style.dim));
  if (dryRun) return [...steps, ...told, "Nothing was changed."];
  return ok === false
    ? [...steps, ...told, ...renderLeft(outcome, options, style)]
    : renderDone(outcome, steps, told, options, style);
}

function sentenceOf(note: string): string {
  return `${note.charAt(0).toUpperCase()}${note.slice(1)}.`;
}

function renderStep(step: InitStep, number: number, options: RenderOptions, style: Style): readonly string[] {
  const { about, command, state, error } = step;
  const line = `   ${style.bold(`$ ${escapeControl(command)}`)}`;
  if (state === "planned") return [...renderSentence(`${number}. `, about, options), line];
  if (state === "failed") {
    const remedies = (error?.remedies ?? []).map(
      (remedy) => `  ${style.cyan(style.symbols.arrow)} ${escapeControl(remedy)}`,
    );
    const words = `${about}: ${error?.message ?? ""}`;
    return [...renderSentence(`${style.symbols.failed} `, words, options, style.red), ...remedies];
  }
  const mark = state === "done" ? style.symbols.ok : style.symbols.none;
  const paint = state === "done" ? style.green : style.dim;
  return renderSentence(`${mark} `, wordsOf(step), options, paint);
}

function renderLeft({ steps }: InitOutcome, options: RenderOptions, style: Style): readonly string[] {
  const open = steps.filter(({ state }) => state === "failed" || state === "left");
  return [
    ...renderSentence("", "What is done stays. When the cause is cured, type:", options),
    ...open.map(({ command }) => `  ${style.bold(escapeControl(command))}`),
  ];
}

function renderDone(
  { registry, next }: InitOutcome,
  steps: readonly string[],
  told: readonly string[],
  options: RenderOptions,
  style: Style,
): readonly string[] {
  const widest = Math.max(...next.map(({ about }) => widthOf(about)));
  const words = `${registry ?? ""} is your default registry.`;
  return [
    ...steps,
    ...told,
    ...renderSentence(`${style.symbols.ok} `, words, options, style.green),
    "",
    style.bold("What to type next"),
    ...next.map(({ about, command }) => `  ${about.padEnd(widest)}  ${escapeControl(command)}`),
  ];
}

/** The first walk through regctl, step by step, and what to type after it. */
import type { QuickstartOutcome, QuickstartStep } from "../quickstart/quickstart.ts";
import { asTyped, linesAsTyped } from "./own-commands.ts";
import { createStyle, guardLine } from "./style.ts";
import { widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

type ToldStep = Pick<QuickstartStep, "about" | "command"> & Partial<QuickstartStep>;

/** Columns before what a step says. */
export const stepIndent = 2;

/** A step is told twice: as it begins, and with what it said. */
export function createStepRenderer(options: RenderOptions): (step: ToldStep) => readonly string[] {
  const { bold, dim, red, symbols } = createStyle(options);
  return ({ about, command, exitCode, output }) => {
    if (exitCode === undefined)
      return ["", `${dim(`# ${about}`)}`, `${bold(`$ ${guardLine(asTyped(command, options), false)}`)}`];
    const said = (output ?? "").trimEnd();
    // A command of ours that does not know how the person began this one.
    const lines = said === "" ? [] : linesAsTyped(said.split("\n"), options);
    const shown = lines.map((line) => `${" ".repeat(stepIndent)}${guardLine(line, false)}`.trimEnd());
    return exitCode === 0 ? shown : [...shown, red(`  ${symbols.failed} exit code ${exitCode ?? "none"}`)];
  };
}

export function renderQuickstart(outcome: QuickstartOutcome, options: RenderOptions): readonly string[] {
  const { bold, green, symbols } = createStyle(options);
  const { next, kept, registry, digest, engine } = outcome;
  const stays = [
    `The registry stays: ${registry}, in ${guardLine(kept ?? "", false)}`,
    `It ends with: regctl serve stop --storage ${guardLine(`${kept ?? ""}/registry`, false)}`,
    `Its folder then goes with: rm -r ${guardLine(kept ?? "", false)}`,
  ];
  return [
    "",
    `${green(symbols.ok)} Published, found, copied and fetched again:`,
    `  ${digest}`,
    ...(kept === null ? ["The registry and everything else is gone again."] : stays),
    engine === null
      ? "No engine answers on this machine: images come from files."
      : `The engine here: ${guardLine(engine, false)}`,
    "",
    bold("What to type next"),
    ...renderNext(next, options),
  ];
}

/** Side by side where every line fits, so that none is broken in the middle of a command. */
function renderNext(
  next: QuickstartOutcome["next"],
  options: Pick<RenderOptions, "columns" | "program">,
): readonly string[] {
  const lines = next.map(({ about, command }) => ({
    about,
    command: asTyped(guardLine(command, false), options),
  }));
  const widest = Math.max(...lines.map(({ about }) => widthOf(about)));
  const beside = lines.map(({ about, command }) => `  ${about.padEnd(widest)}  ${command}`);
  if (beside.every((line) => widthOf(line) <= options.columns)) return beside;
  return lines.flatMap(({ about, command }) => [`  ${about}:`, `    ${command}`]);
}

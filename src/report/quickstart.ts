/** The first walk through regctl, step by step, and what to type after it. */
import type { QuickstartOutcome, QuickstartStep } from "../quickstart/quickstart.ts";
import { createStyle, guardLine } from "./style.ts";
import { widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

type ToldStep = Pick<QuickstartStep, "about" | "command"> & Partial<QuickstartStep>;

/** A step is told twice: as it begins, and with what it said. */
export function createStepRenderer(options: RenderOptions): (step: ToldStep) => readonly string[] {
  const { bold, dim, red, symbols } = createStyle(options);
  return ({ about, command, exitCode, output }) => {
    if (exitCode === undefined)
      return ["", `${dim(`# ${about}`)}`, `${bold(`$ ${guardLine(command, false)}`)}`];
    const said = (output ?? "").trimEnd();
    const lines = said === "" ? [] : said.split("\n");
    const shown = lines.map((line) => `  ${guardLine(line, false)}`);
    return exitCode === 0 ? shown : [...shown, red(`  ${symbols.failed} exit code ${exitCode ?? "none"}`)];
  };
}

export function renderQuickstart(outcome: QuickstartOutcome, options: RenderOptions): readonly string[] {
  const { bold, green, symbols } = createStyle(options);
  const { next, kept, registry, digest, engine } = outcome;
  const widest = Math.max(...next.map(({ about }) => widthOf(about)));
  const stays = [
    `The registry stays: ${registry}, in ${guardLine(kept ?? "", false)}`,
    `It ends with: regctl serve stop --storage ${guardLine(`${kept ?? ""}/registry`, false)}`,
    `Its folder then goes with: rm -r ${guardLine(kept ?? "", false)}`,
  ];
  return [
    "",
    `${green(symbols.ok)} Published, found, copied and fetched again: ${digest}`,
    ...(kept === null ? ["The registry and everything else is gone again."] : stays),
    engine === null
      ? "No engine answers on this machine: images come from files."
      : `The engine here: ${guardLine(engine, false)}`,
    "",
    bold("What to type next"),
    ...next.map(({ about, command }) => `  ${about.padEnd(widest)}  ${guardLine(command, false)}`),
  ];
}

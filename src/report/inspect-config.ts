/** The configuration of an image as lines. */

import type { InspectedConfig } from "../browse/inspect-outcome.ts";
import { quoteLine } from "../explain/quote.ts";
import { escapeControl } from "./style.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** The width of the names, `  entrypoint  `. */
const indent = 14;
/** Of one value. */
const mostLines = 6;

/** A name and its values, one a line, long ones broken between words; nothing when there are none. */
export function field(
  name: string,
  values: readonly string[],
  { columns }: Pick<RenderOptions, "columns">,
): readonly string[] {
  const under = " ".repeat(indent);
  const room = columns - indent;
  const lines = values.flatMap((value) => wrap(shorten(escapeControl(value), room * mostLines), room, "  "));
  return lines.map((line, index) => (index === 0 ? `  ${name}`.padEnd(indent) : under) + line);
}

/** A label may hold a whole document: --json has it. */
function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text;
}

export function configLines(config: InspectedConfig, options: RenderOptions): readonly string[] {
  const { entrypoint, cmd, env, exposedPorts, volumes, labels } = config;
  const one = (value: string | null): readonly string[] => (value === null ? [] : [value]);
  const command = (words: readonly string[]): readonly string[] =>
    words.length === 0 ? [] : [quoteLine(words)];
  const fields: readonly (readonly [name: string, values: readonly string[]])[] = [
    ["author", one(config.author)],
    ["user", one(config.user)],
    ["workdir", one(config.workingDir)],
    ["entrypoint", command(entrypoint)],
    ["cmd", command(cmd)],
    ["env", env],
    ["ports", exposedPorts.length === 0 ? [] : [exposedPorts.join(", ")]],
    ["volumes", volumes],
    ["stop signal", one(config.stopSignal)],
    ["labels", Object.entries(labels).map(([name, value]) => `${name}=${value}`)],
  ];
  return fields.flatMap(([name, values]) => field(name, values, options));
}

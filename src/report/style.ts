/** Colours, symbols, and the guard against control characters. The only importer of chalk. */
import { Chalk } from "chalk";
import type { RenderOptions } from "./terminal.ts";

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly symbols: Symbols;
}

interface Symbols {
  readonly ok: string;
  readonly failed: string;
  readonly warning: string;
  readonly working: string;
  readonly arrow: string;
  readonly bullet: string;
  readonly none: string;
  readonly ellipsis: string;
}

const unicodeSymbols: Symbols = {
  ok: "✔",
  failed: "✖",
  warning: "▲",
  working: "…",
  arrow: "→",
  bullet: "•",
  none: "–",
  ellipsis: "…",
};

const asciiSymbols: Symbols = {
  ok: "+",
  failed: "x",
  warning: "!",
  working: "~",
  arrow: "->",
  bullet: "*",
  none: "-",
  ellipsis: "...",
};

export function createStyle(options: RenderOptions): Style {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  return {
    bold: chalk.bold,
    dim: chalk.dim,
    red: chalk.red,
    green: chalk.green,
    yellow: chalk.yellow,
    cyan: chalk.cyan,
    symbols: options.unicode ? unicodeSymbols : asciiSymbols,
  };
}

/**
 * Characters that make a terminal do something, or show text in another order than it is: C0 and C1 controls,
 * DEL, line and paragraph separators, and the bidirectional marks and overrides.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what it is for
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colour sequences that we make ourselves
const colours = /(\u001b\[[0-9;]*m)/;

function escapeOne(character: string): string {
  if (character === "\t") return "    ";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Makes text from outside safe to show as part of one line: control characters become visible escapes. */
export function escapeControl(text: string): string {
  return text.replace(controls, escapeOne);
}

/** The last guard before a terminal: a rendered line keeps the colours it may have and nothing else that acts. */
export function guardLine(line: string, color: boolean): string {
  if (!color) return escapeControl(line);
  return line
    .split(colours)
    .map((part, index) => (index % 2 === 1 ? part : escapeControl(part)))
    .join("");
}

/** Makes serialised JSON safe to show; what JSON leaves as it is, but a terminal obeys, becomes `\uXXXX`. */
export function guardJson(json: string): string {
  return json.replace(controls, (character) => (character === "\n" ? "\n" : escapeOne(character)));
}

/** Text measured and laid out in columns by hand: `Intl` would cost more start-up time than the whole table. */
import type { RenderOptions } from "./terminal.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences take no room
const colours = /\u001b\[[0-9;]*m/g;

/** Ranges of characters that take two columns (East Asian wide, emoji), first and last. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

const combining = /^\p{M}$/u;

function columnsOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  // Signs such as ours are no marks, and what knows all marks takes long to get ready.
  if (point < 0x300 || (point >= 0x2010 && point < 0x20d0) || (point >= 0x2100 && point < 0x2c00)) return 1;
  if (point === 0x200d || combining.test(character)) return 0;
  return wide.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}

/** How many columns a line takes on a terminal. */
export function widthOf(line: string): number {
  let width = 0;
  for (const character of line.replace(colours, "")) width += columnsOf(character);
  return width;
}

/** Cuts uncoloured text so that it fits, the cut shown by `ellipsis`. */
export function cut(text: string, columns: number, ellipsis: string): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = widthOf(ellipsis);
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    kept += character;
  }
  return kept + ellipsis;
}

/** Breaks uncoloured text between words; continued lines start with `indent`. A word too long stays whole. */
export function wrap(text: string, columns: number, indent = ""): readonly string[] {
  const lines: string[] = [];
  const words = text.trimStart();
  let line = text.slice(0, text.length - words.length);
  let empty = true;
  for (const word of words.split(" ")) {
    if (!empty && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line];
}

export interface Table {
  readonly header: readonly string[];
  /** Cells without colour; `paint` colours a cell after its width is known. */
  readonly rows: readonly (readonly string[])[];
  readonly paint?: (cell: string, row: number, column: number) => string;
  /** The column whose cells are cut when the table is wider than the terminal; the widest one when not given. */
  readonly shrink?: number;
}

const gap = "  ";

function planWidths(table: Table, columns: number): readonly number[] {
  const natural = table.header.map((title, column) =>
    Math.max(widthOf(title), ...table.rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const excess = natural.reduce((sum, width) => sum + width + gap.length, -gap.length) - columns;
  if (excess <= 0) return natural;
  const victim = table.shrink ?? natural.indexOf(Math.max(...natural));
  const least = Math.max(widthOf(table.header[victim] ?? ""), 8);
  return natural.map((width, column) => (column === victim ? Math.max(width - excess, least) : width));
}

/**
 * Lines of a table, its header first. A table that does not fit even with one column cut keeps every other cell
 * whole and runs over the edge: a terminal wraps it, a pipe loses nothing.
 */
export function renderTable(table: Table, options: RenderOptions): readonly string[] {
  const ellipsis = options.unicode ? "…" : "...";
  const widths = planWidths(table, options.columns);
  const renderRow = (cells: readonly string[], paint: (cell: string, column: number) => string): string =>
    widths
      .map((width, column) => {
        const cell = cut(cells[column] ?? "", width, ellipsis);
        return paint(cell, column) + " ".repeat(width - widthOf(cell));
      })
      .join(gap)
      .trimEnd();
  const paint = table.paint ?? ((cell: string) => cell);
  return [
    renderRow(table.header, (cell) => cell),
    ...table.rows.map((row, index) => renderRow(row, (cell, column) => paint(cell, index, column))),
  ];
}

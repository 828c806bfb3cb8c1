/** Rows of a terminal as an SVG file: one screen, or a film of screens that stands at its last one. Pure. */
import { type Row, type Run, textOf } from "./cells.ts";

export interface Screen {
  readonly rows: readonly Row[];
  /** How long a film stands here. */
  readonly seconds: number;
}

export interface PictureText {
  readonly title: string;
  readonly columns: number;
}

/** Pixels. A cell is as wide as the letters of most monospaced fonts at this size. */
const size = { font: 14, cell: 8.43, row: 19, margin: 16 } as const;

const paper = "#0d1117";
const ink = "#e6edf3";
/** As the terminal numbers them; each has a contrast of at least 6 to 1 on the paper. */
const colours = [
  ...["#8b949e", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3"],
  ...["#8b949e", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#76e3ea", "#ffffff"],
] as const;

const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

function classesOf({ colour, bold, dim }: Run): string {
  const classes = [...(colour === null ? [] : [`c${colour}`]), ...(bold ? ["b"] : []), ...(dim ? ["d"] : [])];
  return classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
}

/**
 * Each word group says where it stands, so that columns are straight in any font; behind a symbol, which many fonts
 * borrow from a wider one, the next begins anew.
 */
const group = /[^\p{ASCII}]|[!-~]+(?: [!-~]+)*/gu;

function renderRow(row: Row): string {
  let column = 0;
  const spans: string[] = [];
  for (const run of row) {
    for (const { 0: text, index } of run.text.matchAll(group)) {
      const x = round((column + index) * size.cell);
      spans.push(`<tspan x="${x}"${classesOf(run)}>${escapeXml(text)}</tspan>`);
    }
    column += run.text.length;
  }
  return spans.length === 0 ? "" : `<text>${spans.join("")}</text>`;
}

function renderStyle(screens: readonly Screen[], width: number): string {
  const used = colours.map((colour, index) => `.c${index}{fill:${colour}}`).join("");
  const base = `text{font:${size.font}px ${fonts};fill:${ink}}.b{font-weight:bold}.d{fill-opacity:.7}${used}`;
  return screens.length === 1 ? base : `${base}${renderFilm(screens, width)}`;
}

/** The strip of screens is moved past the picture; whoever shows no films, or wants none, sees the last screen. */
function renderFilm(screens: readonly Screen[], width: number): string {
  const whole = screens.reduce((sum, { seconds }) => sum + seconds, 0);
  let begin = 0;
  const steps = screens.map(({ seconds }, index) => {
    const at = `${round((begin / whole) * 100)}%{transform:translateX(${-placeOf(index, screens) * width}px)}`;
    begin += seconds;
    return at;
  });
  const play = `.film{animation:film ${round(whole)}s step-end infinite}`;
  return `@keyframes film{${steps.join("")}}@media (prefers-reduced-motion:no-preference){${play}}`;
}

/** The last screen stands first in the strip. */
function placeOf(index: number, screens: readonly Screen[]): number {
  return index === screens.length - 1 ? 0 : index + 1;
}

export function renderSvg(screens: readonly Screen[], { title, columns }: PictureText): string {
  const highest = Math.max(...screens.map(({ rows }) => rows.length));
  const width = Math.ceil(columns * size.cell + 2 * size.margin);
  const height = highest * size.row + 2 * size.margin;
  const last = screens.at(-1);
  if (last === undefined) throw new Error(`${title}: no screen`);
  const names = new Map<string, number>();
  const drawn = screens.map(({ rows }, index) => {
    const uses = rows.flatMap((row, line) => {
      const text = renderRow(row);
      if (text === "") return [];
      if (!names.has(text)) names.set(text, names.size);
      return [`<use href="#r${names.get(text)}" y="${line * size.row}"/>`];
    });
    return `<g transform="translate(${placeOf(index, screens) * width})">${uses.join("")}</g>`;
  });
  const rows = [...names].map(([text, name]) => text.replace("<text>", `<text id="r${name}">`));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(last.rows.map(textOf).join("\n"))}</desc>`,
    `<style>${renderStyle(screens, width)}</style>`,
    `<defs>${rows.join("\n")}</defs>`,
    `<rect width="100%" height="100%" rx="8" fill="${paper}"/>`,
    `<g transform="translate(${size.margin} ${size.margin + size.font})"><g${screens.length > 1 ? ' class="film"' : ""}>`,
    ...drawn,
    "</g></g></svg>",
    "",
  ].join("\n");
}

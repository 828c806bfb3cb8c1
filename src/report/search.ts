/** The outcome of `search` as lines. */
import type { SearchItem, SearchOutcome } from "../browse/search-outcome.ts";
import { artifactWords, renderAge, renderBytes, renderPlatforms } from "./image-words.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { cut, renderTable, widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** Tags are short but for those of branches and hashes. */
const widestNewest = { usual: 20, narrow: 14 };
const lastColumn = 5;

export function renderSearch(outcome: SearchOutcome, options: RenderOptions, now: Date): readonly string[] {
  const style = createStyle(options);
  const shown = outcome.items.slice(0, outcome.rows);
  if (shown.length === 0) return [...nothingLines(outcome, options), ...emptyLines(outcome, options)];
  const widest = options.columns < 80 ? widestNewest.narrow : widestNewest.usual;
  const byTags = shown.some(({ matchingTags }) => matchingTags.length > 0);
  const header = ["NAME", "TAGS", "NEWEST", "UPDATED", "SIZE", byTags ? "MATCHING TAGS" : "PLATFORMS"];
  const rows = shown.map((item) => [
    escapeControl(item.name),
    item.tags === null ? style.symbols.none : String(item.tags),
    item.newestTag === null
      ? style.symbols.none
      : cut(escapeControl(item.newestTag), widest, style.symbols.ellipsis),
    renderAge(item.updated, now, style),
    renderBytes(item.size, style),
    "",
  ]);
  const room = roomForLast(header, rows, options.columns);
  const filled = rows.map((row, index) => {
    const item = shown[index];
    return row.with(lastColumn, item === undefined ? "" : lastWords(item, byTags, room, style));
  });
  const paint = (cell: string, row: number, column: number): string => {
    if (column === lastColumn && shown[row]?.error !== undefined) return style.red(cell);
    return column === lastColumn && shown[row]?.closed === true ? style.yellow(cell) : cell;
  };
  return [
    ...renderTable({ header, rows: filled, paint, shrink: lastColumn }, options),
    ...shown.flatMap((item) => errorLines(item, options, style)),
    ...restLines(outcome, options),
    ...emptyLines(outcome, options),
    ...sourceLines(outcome, options),
  ];
}

function roomForLast(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): number {
  const widths = header
    .slice(0, lastColumn)
    .map((title, column) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))));
  const taken = widths.reduce((sum, width) => sum + width + 2, 0);
  return Math.max(widthOf(header[lastColumn] ?? ""), columns - taken);
}

function lastWords(item: SearchItem, byTags: boolean, room: number, style: Style): string {
  if (item.error !== undefined) return "failed";
  if (item.closed) return "no access";
  if (byTags) return item.matchingTags.map(escapeControl).join(", ");
  if (item.platforms.length === 0 && item.artifactType !== null) return artifactWords(item.artifactType);
  return renderPlatforms(item.platforms, room, style);
}

function errorLines({ name, error }: SearchItem, options: RenderOptions, style: Style): readonly string[] {
  if (error === undefined) return [];
  return renderSentence(`${style.symbols.failed} `, `${name}: ${error.message}`, options, style.red);
}

function restLines(
  { rows, hits, everyTag, requests }: SearchOutcome,
  options: RenderOptions,
): readonly string[] {
  const cost = everyTag ? ` It took ${requests} requests.` : "";
  if (hits <= rows) return cost === "" ? [] : renderSentence("", cost.trim(), options);
  return renderSentence("", `${rows} of ${hits} repositories; --limit shows more.${cost}`, options);
}

function emptyLines({ empty }: SearchOutcome, options: RenderOptions): readonly string[] {
  if (empty === 0) return [];
  const words = empty === 1 ? "1 repository without tags is" : `${empty} repositories without tags are`;
  return renderSentence("", `${words} left out.`, options);
}

function sourceLines({ from }: SearchOutcome, options: RenderOptions): readonly string[] {
  if (from === "catalog") return [];
  return renderSentence(
    "",
    "The registry does not list its repositories; these were found by its own search.",
    options,
  );
}

function nothingLines({ registry, term, hits }: SearchOutcome, options: RenderOptions): readonly string[] {
  const words =
    term === ""
      ? `${registry} shows no repositories${hits > 0 ? " of that time" : ""}.`
      : `Nothing in ${registry} fits "${term}".`;
  return renderSentence("", words, options);
}

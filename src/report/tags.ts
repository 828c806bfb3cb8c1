/** The outcome of `tags` as lines. */
import type { TagItem, TagsOutcome } from "../browse/tags-outcome.ts";
import { artifactWords, renderAge, renderBytes, renderPlatforms, shortDigest } from "./image-words.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { cut, renderTable, widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

const header = ["TAG", "CREATED", "SIZE", "PLATFORMS", "DIGEST"] as const;
const gaps = 2 * (header.length - 1);
/** A branch's name as a tag may be as wide as the screen; on a pipe it stays whole. */
const leastTag = 12;

export function renderTags(outcome: TagsOutcome, options: RenderOptions, now: Date): readonly string[] {
  const style = createStyle(options);
  const { items } = outcome;
  return [
    ...(items.length === 0 ? emptyLines(outcome, options) : tableLines(items, options, style, now)),
    ...items.flatMap((item) => errorLines(item, options, style)),
    ...restLines(outcome, options),
    ...missingLines(outcome, options, style),
  ];
}

function tableLines(
  items: readonly TagItem[],
  options: RenderOptions,
  style: Style,
  now: Date,
): readonly string[] {
  const firstOn = firstTagOfDigests(items);
  const fixed = items.map((item) => ({
    created: renderAge(item.created, now, style),
    size: renderBytes(item.size, style),
    digest: digestWords(item, firstOn, style),
  }));
  const widest = (title: string, cells: readonly string[]): number =>
    Math.max(widthOf(title), ...cells.map(widthOf));
  const taken =
    widest(
      header[1],
      fixed.map(({ created }) => created),
    ) +
    widest(
      header[2],
      fixed.map(({ size }) => size),
    ) +
    widest(
      header[4],
      fixed.map(({ digest }) => digest),
    );
  const left = options.columns - taken - gaps;
  const leastPlatforms = options.columns < 80 ? 11 : 14;
  const tags = items.map(({ tag }) =>
    cut(escapeControl(tag), Math.max(leastTag, left - leastPlatforms), style.symbols.ellipsis),
  );
  const room = Math.max(leastPlatforms, left - widest(header[0], tags));
  const rows = items.map((item, index) => {
    const { created = "", size = "", digest = "" } = fixed[index] ?? {};
    return [tags[index] ?? "", created, size, platformWords(item, room, style), digest];
  });
  const paint = (cell: string, row: number, column: number): string => {
    if (items[row]?.error !== undefined && column >= 3) return style.red(cell);
    return column === 4 && cell.startsWith("=") ? style.dim(cell) : cell;
  };
  return renderTable({ header, rows, paint, shrink: 3 }, options);
}

/** Of each digest, the tag of the row that shows it. */
function firstTagOfDigests(items: readonly TagItem[]): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const { digest, tag } of items) if (digest !== null && !first.has(digest)) first.set(digest, tag);
  return first;
}

function platformWords(item: TagItem, room: number, style: Style): string {
  if (item.error !== undefined) return "broken";
  if (item.platforms.length === 0 && item.artifactType !== null) return artifactWords(item.artifactType);
  return renderPlatforms(item.platforms, room, style);
}

/** The digest once; further tags on it say which tag they are the same as. */
function digestWords({ tag, digest }: TagItem, firstOn: ReadonlyMap<string, string>, style: Style): string {
  if (digest === null) return style.symbols.none;
  const short = shortDigest(digest);
  const first = firstOn.get(digest);
  if (first === undefined || first === tag) return short;
  return cut(`= ${escapeControl(first)}`, widthOf(short), style.symbols.ellipsis);
}

function errorLines({ tag, error }: TagItem, options: RenderOptions, style: Style): readonly string[] {
  if (error === undefined) return [];
  return renderSentence(`${style.symbols.failed} `, `${tag}: ${error.message}`, options, style.red);
}

function restLines({ items, matching, missing, aboutImages }: TagsOutcome, options: RenderOptions) {
  const rest = matching - missing.length - items.length;
  const lines = [
    ...(rest > 0 ? [`${items.length} of ${matching} tags; --limit shows more.`] : []),
    ...(aboutImages > 0 ? [aboutWords(aboutImages)] : []),
  ];
  return lines.flatMap((line) => renderSentence("", line, options));
}

function aboutWords(count: number): string {
  const [tags, are, them] =
    count === 1 ? ["1 tag that says", "is", "it"] : [`${count} tags that say`, "are", "them"];
  return `${tags} something about an image (signatures and the like) ${are} left out; --filter 'sha*' shows ${them}.`;
}

function emptyLines({ registry, name, total, matching }: TagsOutcome, options: RenderOptions) {
  const repository = `${registry}/${name}`;
  const words =
    total === 0 || matching > 0
      ? `${repository} has no tags.`
      : `None of the ${total} tags of ${repository} fits the filter.`;
  return renderSentence("", words, options);
}

function missingLines({ missing }: TagsOutcome, options: RenderOptions, style: Style): readonly string[] {
  if (missing.length === 0) return [];
  const named = missing.slice(0, 5).join(", ");
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
  const words = `Listed, but without a manifest (deleted meanwhile, or left behind): ${named}${more}`;
  return renderSentence(`${style.symbols.warning} `, words, options, style.yellow);
}

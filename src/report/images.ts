/** The outcome of `images` as lines. */
import type { ImageItem, ImagesOutcome } from "../publish/images-outcome.ts";
import { renderAge, renderBytes, shortDigest } from "./image-words.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

const header = ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "PUBLISHED"] as const;

export function renderImages({ items }: ImagesOutcome, options: RenderOptions, now: Date): readonly string[] {
  if (items.length === 0) return ["No images."];
  const style = createStyle(options);
  const rows = items.map((item) => [
    escapeControl(item.repository ?? "<none>"),
    escapeControl(item.tag ?? "<none>"),
    shortDigest(item.id),
    renderAge(item.created, now, style),
    renderBytes(item.size, style),
    publishedWords(item),
  ]);
  const paint = (cell: string, row: number, column: number): string =>
    column === 5 ? paintOf(items[row], style)(cell) : cell;
  return renderTable({ header, rows, paint, shrink: 0 }, options);
}

/** One that was made after the local one is not called older to a person. */
function publishedWords({ published, created, there }: ImageItem): string {
  const newer =
    published === "older" && created !== null && there !== null && (there.created ?? "") > created;
  return newer ? "newer there" : published;
}

function paintOf(item: ImageItem | undefined, style: Style): (text: string) => string {
  if (item?.published === "yes") return style.green;
  if (item?.published === "older") return style.yellow;
  return item?.published === "unknown" ? style.dim : (text) => text;
}

/** Layers as a table, each beside the instruction that made it. */
import type { InspectedPlatform } from "../browse/inspect-outcome.ts";
import { renderBytes, shortDigest } from "./image-words.ts";
import { escapeControl, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

export function layerLines(
  { layers, history, config }: InspectedPlatform,
  options: RenderOptions,
  style: Style,
): readonly string[] {
  if (layers.length === 0 && history.length === 0) return [];
  const { none } = style.symbols;
  const told = history.some(({ layer }) => layer !== null);
  const rows = told
    ? history.map(({ layer, createdBy, comment }) => {
        const made = layer === null ? undefined : layers[layer];
        return [
          made === undefined ? none : renderBytes(made.size, style),
          made === undefined ? none : shortDigest(made.digest),
          instructionOf(createdBy ?? comment ?? none),
        ];
      })
    : layers.map(({ size, digest, title, mediaType }) => [
        renderBytes(size, style),
        shortDigest(digest),
        escapeControl(title ?? mediaType),
      ]);
  const last = told ? "INSTRUCTION" : config === null ? "CONTENT" : "TYPE";
  const paint = (cell: string, row: number): string => (rows[row]?.[1] === none ? style.dim(cell) : cell);
  return ["", ...renderTable({ header: ["SIZE", "LAYER", last], rows, paint, shrink: 2 }, options)];
}

/** What builders put around an instruction says only how it was run. */
function instructionOf(text: string): string {
  const bare = text
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^\/bin\/sh -c #\(nop\) /, "")
    .replace(/^(RUN )?((\|\d+ .*?)?\/bin\/sh -c) /, "RUN ")
    .replace(/ # buildkit$/, "");
  return escapeControl(bare);
}

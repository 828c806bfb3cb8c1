/** The engine's list as rows: one for each name, filtered and in order. Pure. */
import type { EngineImage } from "../engine/image-info.ts";
import { RegctlError } from "../errors.ts";
import { isGlob } from "../registry/glob.ts";
import { parseTagFilter } from "../registry/tag-filter.ts";
import type { ImageItem, ImageOrder } from "./images-outcome.ts";

export type ImageRow = Pick<ImageItem, "repository" | "tag" | "id" | "created" | "size"> & {
  /** REPOSITORY@DIGEST, as the engine knows the image. */
  readonly digests: readonly string[];
};

/** A row for each name; one for an image without. */
export function rowsOf(images: readonly EngineImage[]): readonly ImageRow[] {
  return images.flatMap<ImageRow>(({ id, tags, digests, created, size }) => {
    const base = { id, digests, size, created: created > 0 ? new Date(created * 1000).toISOString() : null };
    if (tags.length === 0) return [{ ...base, repository: null, tag: null }];
    return tags.map((name) => ({ ...base, ...splitTag(name) }));
  });
}

/** The tag stands behind the last colon: one before it may be a port's. */
function splitTag(name: string): { readonly repository: string; readonly tag: string } {
  const colon = name.lastIndexOf(":");
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/**
 * By a part of REPOSITORY:TAG; by a glob for the repository or for REPOSITORY:TAG, each as a whole; or by a regular
 * expression between slashes. Throws USAGE.
 */
export function createRowFilter(text: string | undefined): (row: ImageRow) => boolean {
  if (text === undefined) return () => true;
  if (text === "")
    throw new RegctlError("USAGE", { problem: "the filter is empty", type: "regctl images NAME" });
  const isExpression = text.startsWith("/") && text.lastIndexOf("/") > 0;
  if (!isExpression && !isGlob(text)) return (row) => nameOf(row).includes(text);
  const { matches } = parseTagFilter(text);
  return (row) => matches(nameOf(row)) || (row.repository !== null && matches(row.repository));
}

export function nameOf({ repository, tag }: Pick<ImageRow, "repository" | "tag">): string {
  return `${repository ?? "<none>"}:${tag ?? "<none>"}`;
}

const byName = (one: ImageRow, other: ImageRow): number => (nameOf(one) < nameOf(other) ? -1 : 1);

const orders: Readonly<Record<ImageOrder, (one: ImageRow, other: ImageRow) => number>> = {
  created: (one, other) => compareText(other.created ?? "", one.created ?? "") || byName(one, other),
  size: (one, other) => other.size - one.size || byName(one, other),
  name: byName,
};

function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** The newest, or the largest, first; names ascending. */
export function sortRows(rows: readonly ImageRow[], order: ImageOrder): readonly ImageRow[] {
  return [...rows].sort(orders[order]);
}

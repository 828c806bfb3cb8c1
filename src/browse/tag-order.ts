/** Orders of tags. Pure. */
import { compareTags, sortTags } from "../registry/semver.ts";

export const tagOrders = ["created", "size", "semver", "name"] as const;
export type TagOrder = (typeof tagOrders)[number];

/** Where clients keep signatures, attestations and lists of referrers: they say something about an image. */
export function isAboutImages(tag: string): boolean {
  return /^sha(256|384|512)[-:_]{1,2}[0-9a-f]{32,}/.test(tag);
}

/** `name`: ascending by code units; `semver`: the highest version first, what is no version at the end. */
export function orderNames(tags: readonly string[], order: "semver" | "name"): readonly string[] {
  return order === "semver" ? sortTags(tags).toReversed() : tags.toSorted();
}

export interface Sortable {
  readonly tag: string;
  readonly created: string | null;
  readonly size: number | null;
}

type Compare = (one: Sortable, other: Sortable) => number;

const byVersion: Compare = (one, other) => compareTags(other.tag, one.tag);

/** Large, new and high first; what nobody told last; among equals the higher version. */
const compares: Readonly<Record<TagOrder, Compare>> = {
  created: (one, other) => descending(timeOf(one), timeOf(other)) || byVersion(one, other),
  size: (one, other) => descending(one.size, other.size) || byVersion(one, other),
  semver: byVersion,
  name: (one, other) => (one.tag < other.tag ? -1 : 1),
};

export function orderItems<Item extends Sortable>(items: readonly Item[], order: TagOrder): readonly Item[] {
  return items.toSorted(compares[order]);
}

/** The newest first, as `orderItems` has it. */
export function newestOf<Item extends Sortable>(items: readonly Item[]): Item | null {
  return orderItems(items, "created")[0] ?? null;
}

function timeOf({ created }: Sortable): number | null {
  return created === null ? null : Date.parse(created);
}

function descending(one: number | null, other: number | null): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  return other - one;
}

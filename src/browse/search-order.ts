/** Which names answer a search, and in which order. Pure. */
import { rankName, rankNames } from "../registry/search-rank.ts";
import type { SearchItem } from "./search-outcome.ts";

/** The better the name fits, the earlier; what was found by other means stands behind, in the order given. */
export function orderNames(term: string, names: readonly string[]): readonly string[] {
  if (term === "") return names.toSorted();
  const ranked = rankNames(term, names);
  const known = new Set(ranked);
  return [...ranked, ...names.filter((name) => !known.has(name))];
}

export function fitsName(term: string, name: string): boolean {
  return rankName(term, name) !== null;
}

/** Names that fit, as they stand; behind them those whose tags do, the ones with the very tag first. */
export function orderWithTags(term: string, items: readonly SearchItem[]): readonly SearchItem[] {
  const byName = items.filter(({ name }) => fitsName(term, name));
  const byTag = items.filter(({ name, matchingTags }) => !fitsName(term, name) && matchingTags.length > 0);
  const hasIt = ({ matchingTags }: SearchItem): boolean =>
    matchingTags.some((tag) => rankName(term, tag)?.kind === "exact");
  return [...byName, ...byTag.filter(hasIt), ...byTag.filter((item) => !hasIt(item))];
}

/** The newest first, those of which no time is known last, equals as they stand. */
export function orderByTime(items: readonly SearchItem[]): readonly SearchItem[] {
  const timeOf = ({ updated }: SearchItem): number =>
    updated === null ? Number.NEGATIVE_INFINITY : Date.parse(updated);
  return items.toSorted((one, other) => {
    const [before, after] = [timeOf(one), timeOf(other)];
    return before === after ? 0 : after - before;
  });
}

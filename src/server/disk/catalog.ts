/** The names of the repositories that hold a manifest, in memory and in order. */
import type { PageRequest, StoragePage } from "../storage.ts";

/** Where a name stands in a sorted list, or would stand. The order of ASCII is that of bytes. */
function positionOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function pageOf(sorted: readonly string[], { after, limit }: PageRequest): StoragePage {
  const place = after === undefined ? 0 : positionOf(sorted, after);
  const start = after !== undefined && sorted[place] === after ? place + 1 : place;
  const entries = sorted.slice(start, start + limit);
  return { entries, more: start + limit < sorted.length };
}

export interface Catalog {
  readonly size: number;
  has(name: string): boolean;
  /** Listed or not from now on. */
  set(name: string, listed: boolean): void;
  page(request: PageRequest): StoragePage;
  search(term: string, limit: number): FoundNames;
}

interface FoundNames {
  /** The first of them, in order. */
  readonly names: readonly string[];
  /** How many there are. */
  readonly total: number;
}

/**
 * Names that hold a term, found in all of them as one text: a third of the time that looking into each takes. A name
 * holds no line feed.
 */
function searchText(text: string, term: string, limit: number): FoundNames {
  const names: string[] = [];
  let total = 0;
  if (term.includes("\n")) return { names, total };
  for (let hit = text.indexOf(term); hit >= 0; total += 1) {
    const end = text.indexOf("\n", hit);
    if (names.length < limit) names.push(text.slice(text.lastIndexOf("\n", hit) + 1, end));
    hit = text.indexOf(term, end);
  }
  return { names, total };
}

export function createCatalog(names: readonly string[]): Catalog {
  const sorted = [...names].sort();
  const known = new Set(sorted);
  /** Each name with a line feed behind it; made when somebody searches. */
  let text: string | null = null;
  return {
    get size() {
      return sorted.length;
    },
    has: (name) => known.has(name),
    set: (name, listed) => {
      if (known.has(name) === listed) return;
      text = null;
      if (listed) {
        known.add(name);
        sorted.splice(positionOf(sorted, name), 0, name);
      } else {
        known.delete(name);
        sorted.splice(positionOf(sorted, name), 1);
      }
    },
    page: (request) => pageOf(sorted, request),
    search: (term, limit) => {
      if (term === "") return { names: sorted.slice(0, limit), total: sorted.length };
      text ??= sorted.map((name) => `${name}\n`).join("");
      return searchText(text, term, limit);
    },
  };
}

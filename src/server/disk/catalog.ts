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
  search(term: string, limit: number): { readonly names: readonly string[]; readonly total: number };
}

/** So many searches are remembered until a name comes or goes: people page, and ask again. */
const mostSearches = 16;

export function createCatalog(names: readonly string[]): Catalog {
  const sorted = [...names].sort();
  const known = new Set(sorted);
  const searches = new Map<string, readonly string[]>();
  const find = (term: string): readonly string[] => {
    const found = searches.get(term) ?? sorted.filter((name) => name.includes(term));
    searches.delete(term);
    searches.set(term, found);
    for (const oldest of searches.keys()) {
      if (searches.size <= mostSearches) break;
      searches.delete(oldest);
    }
    return found;
  };
  return {
    get size() {
      return sorted.length;
    },
    has: (name) => known.has(name),
    set: (name, listed) => {
      if (known.has(name) === listed) return;
      searches.clear();
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
      const found = term === "" ? sorted : find(term);
      return { names: found.slice(0, limit), total: found.length };
    },
  };
}

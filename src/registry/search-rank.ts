/** How well a name answers a search: exactly, with the term in it, or with its letters in order. Pure. */

export interface Rank {
  readonly kind: "exact" | "substring" | "fuzzy";
  /** Among names of one kind: the less the better. */
  readonly cost: number;
}

const kinds: readonly Rank["kind"][] = ["exact", "substring", "fuzzy"];

/** Null when the name is no hit. Letters count without case; an empty term finds everything. */
export function rankName(term: string, name: string): Rank | null {
  const wanted = term.toLowerCase();
  const text = name.toLowerCase();
  const last = text.slice(text.lastIndexOf("/") + 1);
  if (text === wanted) return { kind: "exact", cost: 0 };
  if (last === wanted) return { kind: "exact", cost: text.length - wanted.length };
  return rankSubstring(wanted, text) ?? rankFuzzy(wanted, text);
}

/** Where a part of the name begins is the best place; then the shorter name. */
function rankSubstring(wanted: string, text: string): Rank | null {
  let best: number | null = null;
  for (let at = text.indexOf(wanted); at >= 0; at = wanted === "" ? -1 : text.indexOf(wanted, at + 1)) {
    const place = at === 0 || /[/._-]/.test(text.charAt(at - 1)) ? 0 : 1;
    best = Math.min(best ?? 1, place);
    if (best === 0) break;
  }
  return best === null ? null : { kind: "substring", cost: best * 1000 + text.length };
}

/** Every letter in order, counted by the length that they are spread over: the tightest of all ways to place them. */
function rankFuzzy(wanted: string, text: string): Rank | null {
  // One letter in order is a substring, and two are in half of all names.
  if (wanted.length < 3) return null;
  let tightest: number | null = null;
  for (let from = nextEnd(wanted, text, 0); from !== null; ) {
    const start = startBefore(wanted, text, from);
    const spread = from - start;
    if (tightest === null || spread < tightest) tightest = spread;
    from = nextEnd(wanted, text, start + 1);
  }
  const gaps = tightest === null ? null : tightest - wanted.length;
  // Letters strewn all over a name are chance.
  if (gaps === null || gaps > wanted.length) return null;
  return { kind: "fuzzy", cost: gaps * 1000 + text.length };
}

/** Where the letters, taken as early as possible from a place on, are all found; null when they are not. */
function nextEnd(wanted: string, text: string, from: number): number | null {
  let at = from;
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return null;
  }
  return at;
}

/** The latest place where the letters that end there can begin. */
function startBefore(wanted: string, text: string, end: number): number {
  let at = end;
  for (const letter of [...wanted].reverse()) at = text.lastIndexOf(letter, at - 1);
  return at;
}

/** The better first; equals in order of their names. */
function compareRanks(one: Rank, other: Rank): number {
  return kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || one.cost - other.cost;
}

/** Those names that are hits, the best first. */
export function rankNames(term: string, names: readonly string[]): readonly string[] {
  return names
    .flatMap((name) => {
      const rank = rankName(term, name);
      return rank === null ? [] : [{ name, rank }];
    })
    .sort((one, other) => compareRanks(one.rank, other.rank) || (one.name < other.name ? -1 : 1))
    .map(({ name }) => name);
}

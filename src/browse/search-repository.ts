/** One repository that a search has found: how many tags it has, and which of them is the newest. */
import { type ErrorCode, isRegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { rankName } from "../registry/search-rank.ts";
import type { TagDetails } from "./details-of-facts.ts";
import { type ItemError, itemErrorOf } from "./item-error.ts";
import { createTagChooser } from "./likely-newest.ts";
import type { Looker } from "./tag-details.ts";
import { newestOf } from "./tag-order.ts";

/** `closed`: it is listed, and its tags are not for this login. `empty`: without tags, or gone. */
export type Listing =
  | {
      readonly state: "tags";
      readonly count: number;
      /** Those that are worth a look. */
      readonly candidates: readonly string[];
      /** Tags that the term was found in, the highest first; a few of them. */
      readonly matches: readonly string[];
    }
  | { readonly state: "closed" | "empty" }
  | { readonly state: "failed"; readonly error: ItemError };

export interface ListingWish {
  /** How many tags are worth a look; null for all. */
  readonly candidates: number | null;
  /** The term to look for in tags; null for none. */
  readonly term: string | null;
}

const mostMatches = 10;
const closedTo: readonly ErrorCode[] = ["DENIED", "UNAUTHORIZED"];

/** Throws what is wrong with the whole registry. */
export async function listRepository(
  client: RegistryClient,
  repository: string,
  wish: ListingWish,
): Promise<Listing> {
  try {
    return await readTags(client, repository, wish);
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return { state: "empty" };
    if (isRegctlError(error) && closedTo.includes(error.code)) return { state: "closed" };
    return { state: "failed", error: itemErrorOf(error) };
  }
}

async function readTags(
  client: RegistryClient,
  repository: string,
  { candidates: most, term }: ListingWish,
): Promise<Listing> {
  const chooser = createTagChooser(most ?? Number.POSITIVE_INFINITY);
  const matching = createTagChooser(mostMatches);
  let count = 0;
  for await (const { entries } of client.tagPages(repository)) {
    count += entries.length;
    chooser.add(entries);
    if (term !== null) matching.add(entries.filter((tag) => isIn(term, tag)));
  }
  if (count === 0) return { state: "empty" };
  return { state: "tags", count, candidates: chooser.choose(), matches: matching.choose() };
}

/** Letters strewn over a tag are chance: tags are short and many. */
function isIn(term: string, tag: string): boolean {
  const rank = rankName(term, tag);
  return rank !== null && rank.kind !== "fuzzy";
}

export interface Newest extends TagDetails {
  readonly tag: string;
}

/** Null when none of the tags has a manifest. What is wrong with one of them does not matter as long as others stand. */
export async function findNewest(looker: Looker, tags: readonly string[]): Promise<Newest | null> {
  const errors: unknown[] = [];
  const found = await Promise.all(
    tags.map(async (tag) => {
      try {
        const details = await looker.look(tag);
        return details === null ? null : { tag, ...details };
      } catch (error) {
        itemErrorOf(error);
        errors.push(error);
        return null;
      }
    }),
  );
  const newest = newestOf(found.filter((each) => each !== null));
  if (newest === null && errors.length > 0) throw errors[0];
  return newest;
}

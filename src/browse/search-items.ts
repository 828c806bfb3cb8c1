/** From names to items: how many tags each repository has, and for some of them what is newest. */
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Platform } from "../registry/platform.ts";
import { openFactCache } from "./fact-cache.ts";
import { atOnce, inParallel } from "./in-parallel.ts";
import { itemErrorOf } from "./item-error.ts";
import type { SearchItem } from "./search-outcome.ts";
import { findNewest, type Listing, listRepository } from "./search-repository.ts";
import { createLooker, type LookerOptions } from "./tag-details.ts";

export interface Finder {
  readonly client: RegistryClient;
  readonly term: string;
  readonly machine: Platform;
  readonly limit: LookerOptions["limit"];
  readonly world: AccessWorld;
}

export interface ItemsWish {
  /** The term is looked for in tags as well. */
  readonly inTags: boolean;
  /** Every tag of every repository is looked at. */
  readonly every: boolean;
  /** So many of those that `arrange` puts first get details, where not every one does. */
  readonly details: number;
  /** Repositories with tags, after which no more names are looked at. */
  readonly enough: number;
  /** Which items stay, in which order. */
  readonly arrange: (items: readonly SearchItem[]) => readonly SearchItem[];
}

export interface FoundItems {
  readonly items: readonly SearchItem[];
  readonly empty: number;
  /** Names that were not looked at, since there were enough. */
  readonly unseen: number;
}

/** Tags of one repository that are looked at to find its newest. */
const mostCandidates = 20;
/** Rows that are told one by one while they fill. */
const mostTold = 100;

interface Seen {
  readonly item: SearchItem;
  readonly candidates: readonly string[];
}

export async function findItems(
  finder: Finder,
  names: readonly string[],
  wish: ItemsWish,
): Promise<FoundItems> {
  const { seen, empty, unseen } = await listAll(finder, names, wish);
  const items = wish.arrange(seen.map(({ item }) => item));
  if (wish.every) return { items, empty, unseen };
  const candidatesOf = new Map(seen.map(({ item, candidates }) => [item.name, candidates]));
  const detailed = [...items];
  const rows = items.slice(0, wish.details);
  for (const item of rows.slice(0, mostTold)) tellRow(finder, item);
  await inParallel(rows, atOnce, async (item, index) => {
    const row = await withDetails(finder, item, candidatesOf.get(item.name) ?? []);
    detailed[index] = row;
    if (index < mostTold) tellRow(finder, row);
  });
  return { items: detailed, empty, unseen };
}

async function listAll(
  finder: Finder,
  names: readonly string[],
  { inTags, every, enough }: ItemsWish,
): Promise<{ readonly seen: readonly Seen[]; readonly empty: number; readonly unseen: number }> {
  const { client, term, world } = finder;
  const byIndex: Seen[] = [];
  let looked = 0;
  let empty = 0;
  let full = 0;
  function* untilEnough(): Generator<string> {
    for (const name of names) {
      if (full >= enough) return;
      looked += 1;
      yield name;
    }
  }
  const listing = { candidates: every ? null : mostCandidates, term: inTags ? term : null };
  await inParallel(untilEnough(), atOnce, async (name, index) => {
    const listed = await listRepository(client, name, listing);
    if (listed.state === "empty") {
      empty += 1;
      return;
    }
    full += 1;
    const candidates = listed.state === "tags" ? listed.candidates : [];
    const item = itemOf(name, listed);
    // All at once would hold the tags of all repositories.
    byIndex[index] = every
      ? { item: await withDetails(finder, item, candidates), candidates: [] }
      : { item, candidates };
    if (looked % 100 === 0) {
      const step = `looked at ${looked} of ${names.length} repositories`;
      world.emit({ event: "step", host: client.registry, step });
    }
  });
  // Empty ones leave holes.
  return { seen: byIndex.filter((each) => each !== undefined), empty, unseen: names.length - looked };
}

function itemOf(name: string, listing: Exclude<Listing, { state: "empty" }>): SearchItem {
  const item: SearchItem = {
    name,
    tags: null,
    detailed: false,
    newestTag: null,
    updated: null,
    size: null,
    platforms: [],
    artifactType: null,
    matchingTags: [],
    closed: listing.state === "closed",
  };
  if (listing.state === "tags") return { ...item, tags: listing.count, matchingTags: listing.matches };
  return listing.state === "failed" ? { ...item, error: listing.error } : item;
}

async function withDetails(
  { client, machine, limit, world }: Finder,
  item: SearchItem,
  candidates: readonly string[],
): Promise<SearchItem> {
  if (candidates.length === 0) return { ...item, detailed: true };
  const repository = item.name;
  const cache = await openFactCache({
    files: world.files,
    folder: userPaths(world.environment, world.home).cache,
    repository: `${client.registry}/${repository}`,
    maySave: world.maySave().ok,
  });
  try {
    const newest = await findNewest(createLooker({ client, repository, cache, machine, limit }), candidates);
    await cache.save();
    if (newest === null) return { ...item, detailed: true };
    const { tag, created, size, platforms, artifactType } = newest;
    return { ...item, detailed: true, newestTag: tag, updated: created, size, platforms, artifactType };
  } catch (error) {
    return { ...item, detailed: true, error: itemErrorOf(error) };
  }
}

function tellRow({ world }: Finder, { name, tags, newestTag, updated }: SearchItem): void {
  const count = tags === null ? "" : tags === 1 ? "1 tag" : `${tags} tags`;
  const newest = newestTag === null ? [] : [newestTag, ...(updated === null ? [] : [updated.slice(0, 10)])];
  world.emit({
    event: "step",
    host: name,
    step: [count, ...newest].filter((text) => text !== "").join(", "),
  });
}

/** `search`: repositories of a registry, and what is newest in them. */
import { openClient, type TrustFlags } from "../access/open.ts";
import { chooseRegistry } from "../access/which-registry.ts";
import type { AccessWorld } from "../access/world.ts";
import { registryHostOf } from "../config/default-registry.ts";
import type { Settings } from "../config/settings.ts";
import type { Emit } from "../ports.ts";
import type { Platform } from "../registry/platform.ts";
import { parseDuration } from "./duration.ts";
import { exitCodeOfItems, type Listed } from "./item-error.ts";

import { type Finder, findItems } from "./search-items.ts";
import { findNames, refuseHub } from "./search-names.ts";
import { fitsName, orderByTime, orderNames, orderWithTags } from "./search-order.ts";
import type { SearchItem, SearchOrder, SearchOutcome } from "./search-outcome.ts";
import { createLimit } from "./tag-details.ts";

export interface SearchInput extends TrustFlags {
  /** [HOST[:PORT]/]TERM; everything when left out. */
  readonly term?: string | undefined;
  readonly registry?: string | undefined;
  /** Looks for the term in the names of tags as well. */
  readonly tags: boolean;
  readonly sort: SearchOrder;
  /** A duration: only what was made within it. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly machine: Platform;
}

const usualRows = 25;

/** Throws SEARCH_CLOSED, UNAUTHORIZED, and whatever keeps the registry from being reached. */
export async function searchRegistry(input: SearchInput, world: AccessWorld): Promise<Listed<SearchOutcome>> {
  const { since } = input;
  const sinceMs = since === undefined ? null : world.clock.now().getTime() - parseDuration(since, "--since");
  const { registry, term, settings } = await chooseSearch(input, world);
  refuseHub(registry);
  let requests = 0;
  const emit: Emit = (event) => {
    if (event.event === "trace") requests += 1;
    world.emit(event);
  };
  const client = await openClient({ ...input, registry, settings }, { ...world, emit });
  try {
    const { machine } = input;
    const finder: Finder = { client, term, machine, limit: createLimit(), world };
    const everyTag = input.sort === "updated" || sinceMs !== null;
    const { from, items, hits, empty } = await find(finder, { ...input, everyTag }, sinceMs);
    const exitCode = exitCodeOfItems(items);
    const rows = Math.min(input.limit ?? usualRows, items.length);
    const ok = exitCode === 0 ? {} : { ok: false as const };
    const document = { registry, term, from, everyTag, items, hits, empty, rows, requests, ...ok };
    return { document, exitCode };
  } finally {
    await client.close();
  }
}

/** A registry may stand before the term, as for `docker search`. */
async function chooseSearch(
  { term = "", registry: flag }: SearchInput,
  world: AccessWorld,
): Promise<{ readonly registry: string; readonly term: string; readonly settings: Settings }> {
  // No name has a colon: what looks like a registry is one, though docker would want a slash behind it.
  const host = registryHostOf(/^[^/]+:\d+$/.test(term) ? `${term}/` : term);
  const chosen = await chooseRegistry(host ?? flag, world);
  return { ...chosen, term: host === null ? term : term.slice(host.length + 1) };
}

type Found = Pick<SearchOutcome, "from" | "items" | "hits" | "empty">;

async function find(
  finder: Finder,
  input: SearchInput & { readonly everyTag: boolean },
  sinceMs: number | null,
): Promise<Found> {
  const { client, term, world } = finder;
  const { limit, sort, everyTag: every } = input;
  const inTags = input.tags && term !== "";
  const wanted = (name: string): boolean => inTags || term === "" || fitsName(term, name);
  const found = await findNames(client, term, wanted, world.emit);
  const names = sort === "name" ? found.names.toSorted() : orderNames(term, found.names);
  if (every && names.length > 0) {
    const note = `every tag of ${names.length} repositories is looked at: that takes some requests`;
    world.emit({ event: "note", note });
  }
  const { items, empty, unseen } = await findItems(finder, names, {
    inTags,
    every,
    details: limit ?? usualRows,
    // Who says how many they want does not wait for the others to be counted.
    enough: every || inTags || limit === undefined ? Number.POSITIVE_INFINITY : limit,
    arrange: (all) => {
      const fitting = inTags && sort === "match" ? orderWithTags(term, all) : all.filter(isHit(inTags, term));
      const recent = fitting.filter(isSince(sinceMs));
      return sort === "updated" ? orderByTime(recent) : recent;
    },
  });
  return { from: found.from, items: items.slice(0, limit), hits: items.length + unseen, empty };
}

function isHit(inTags: boolean, term: string): (item: SearchItem) => boolean {
  return ({ name, matchingTags }) => !inTags || fitsName(term, name) || matchingTags.length > 0;
}

function isSince(sinceMs: number | null): (item: SearchItem) => boolean {
  return ({ updated, error }) =>
    sinceMs === null || error !== undefined || (updated !== null && Date.parse(updated) >= sinceMs);
}

/** `tags`: what the tags of a repository stand for. */
import { openClient, type TrustFlags } from "../access/open.ts";
import { chooseRepository } from "../access/which-image.ts";
import type { AccessWorld } from "../access/world.ts";
import { userPaths } from "../config/paths.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Platform } from "../registry/platform.ts";
import { renderReference } from "../registry/reference.ts";
import { parseTagFilter, type TagFilter } from "../registry/tag-filter.ts";
import { openFactCache } from "./fact-cache.ts";
import { atOnce, inParallel } from "./in-parallel.ts";
import { exitCodeOfItems, itemErrorOf, type Listed } from "./item-error.ts";
import { createLimit, createLooker, type Looker } from "./tag-details.ts";
import { isAboutImages, orderItems, orderNames, type TagOrder } from "./tag-order.ts";
import type { TagItem, TagsOutcome } from "./tags-outcome.ts";

export interface ListTagsInput extends TrustFlags {
  readonly name: string;
  readonly registry?: string | undefined;
  readonly sort: TagOrder;
  /** A glob, or a regular expression between slashes. */
  readonly filter?: string | undefined;
  readonly limit?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly machine: Platform;
}

/** Throws NOT_FOUND when there is no such repository. */
export async function listTags(input: ListTagsInput, world: AccessWorld): Promise<Listed<TagsOutcome>> {
  const filter = input.filter === undefined ? null : parseTagFilter(input.filter);
  const { reference, settings } = await chooseRepository(input.name, input, world);
  const { registry, repository } = reference;
  const cache = openFactCache({
    files: world.files,
    folder: userPaths(world.environment, world.home).cache,
    repository: renderReference(reference),
    maySave: world.maySave().ok,
  });
  const client = await openClient({ ...input, registry, settings }, world);
  try {
    const names = await readNames(client, repository, filter);
    const facts = await cache;
    const { machine } = input;
    const looker = createLooker({ client, repository, machine, cache: facts, limit: createLimit() });
    const looked = await lookAtTags(looker, wantedOf(names.matching, input), registry, world);
    await facts.save();
    const items = orderItems(withSiblings(looked.items), input.sort).slice(0, input.limit);
    const exitCode = exitCodeOfItems(items);
    const document = {
      registry,
      name: repository,
      sort: input.sort,
      total: names.total,
      matching: names.matching.length,
      aboutImages: names.aboutImages,
      items,
      missing: looked.missing,
      ...(exitCode === 0 ? {} : { ok: false as const }),
    };
    return { document, exitCode };
  } finally {
    await client.close();
  }
}

interface Names {
  readonly total: number;
  readonly matching: readonly string[];
  readonly aboutImages: number;
}

/**
 * What clients keep under tags of their own is shown to those who filter for it. Some registries list a tag twice when
 * it is pushed while they list.
 */
async function readNames(
  client: RegistryClient,
  repository: string,
  filter: TagFilter | null,
): Promise<Names> {
  const matching = new Set<string>();
  const aboutImages = new Set<string>();
  let total = 0;
  for await (const { entries } of client.tagPages(repository)) {
    total += entries.length;
    for (const tag of entries) {
      if (filter === null && isAboutImages(tag)) aboutImages.add(tag);
      else if (filter === null || filter.matches(tag)) matching.add(tag);
    }
  }
  return { total, matching: [...matching], aboutImages: aboutImages.size };
}

/** Where the names alone decide which tags are shown, no others are looked at. */
function wantedOf(tags: readonly string[], { sort, limit }: ListTagsInput): readonly string[] {
  return sort === "semver" || sort === "name" ? orderNames(tags, sort).slice(0, limit) : tags;
}

interface LookedAt {
  readonly items: readonly Omit<TagItem, "alsoTagged">[];
  readonly missing: readonly string[];
}

const nothing = {
  digest: null,
  kind: null,
  artifactType: null,
  created: null,
  size: null,
  sizePlatform: null,
  platforms: [],
};

async function lookAtTags(
  looker: Looker,
  tags: readonly string[],
  host: string,
  { emit }: Pick<AccessWorld, "emit">,
): Promise<LookedAt> {
  const items: Omit<TagItem, "alsoTagged">[] = [];
  const missing: string[] = [];
  let done = 0;
  await inParallel(tags, atOnce, async (tag) => {
    try {
      const details = await looker.look(tag);
      if (details === null) missing.push(tag);
      else items.push({ tag, ...details });
    } catch (error) {
      items.push({ tag, ...nothing, error: itemErrorOf(error) });
    }
    done += 1;
    if (done % 50 === 0) emit({ event: "step", host, step: `looked at ${done} of ${tags.length} tags` });
  });
  return { items, missing: missing.toSorted() };
}

/** A nightly build that changes nothing gives one manifest thousands of tags, each of which has all the others. */
const mostSiblings = 100;

function withSiblings(items: LookedAt["items"]): readonly TagItem[] {
  const tagsOf = new Map<string, string[]>();
  for (const { digest, tag } of items) {
    if (digest === null) continue;
    const tags = tagsOf.get(digest);
    if (tags === undefined) tagsOf.set(digest, [tag]);
    else tags.push(tag);
  }
  const ordered = new Map([...tagsOf].map(([digest, tags]) => [digest, orderNames(tags, "semver")]));
  return items.map(({ error, ...item }) => {
    const siblings = item.digest === null ? [] : (ordered.get(item.digest) ?? []);
    return {
      ...item,
      alsoTagged: siblings.filter((each) => each !== item.tag).slice(0, mostSiblings),
      ...(error === undefined ? {} : { error }),
    };
  });
}

/** What stands behind a tag, with as few requests as that takes. */
import pLimit from "p-limit";
import { isRegctlError } from "../errors.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import { manifestKindOf, mediaTypeOf } from "../registry/media-types.ts";
import type { Platform } from "../registry/platform.ts";
import { chooseEntry, detailIndex, detailOne, type Known, type TagDetails } from "./details-of-facts.ts";
import type { FactCache } from "./fact-cache.ts";
import { atOnce } from "./in-parallel.ts";
import { type IndexFacts, indexFacts } from "./manifest-facts.ts";
import { readImageFacts } from "./read-config.ts";

export interface Looker {
  /** Null when the tag has no manifest (any more). Throws what is wrong with this one, or with the registry. */
  look(tag: string): Promise<TagDetails | null>;
}

export interface LookerOptions {
  readonly client: RegistryClient;
  /** Without the registry. */
  readonly repository: string;
  readonly cache: FactCache;
  /** Of the variants of an index, that of this platform is looked at; the first where it has none. */
  readonly machine: Platform;
  /** Shared by lookers that share a registry. */
  readonly limit: <T>(ask: () => Promise<T>) => Promise<T>;
}

export function createLimit(): LookerOptions["limit"] {
  return pLimit(atOnce);
}

/** Indexes within indexes are followed so far. */
const mostLevels = 3;

export function createLooker(options: LookerOptions): Looker {
  const { client, repository, cache, machine } = options;
  const underWay = new Map<Digest, Promise<Known>>();
  const nameOf = (digest: Digest) => `${client.registry}/${repository}@${digest}`;

  /** Reads a manifest once, however many tags lead to it. */
  const once = (digest: Digest, read: () => Promise<Known>): Promise<Known> => {
    const cached = cache.factsOf(digest);
    if (cached !== null) return Promise.resolve(cached);
    const begun = underWay.get(digest) ?? read();
    underWay.set(digest, begun);
    return begun;
  };
  const learn = async ({ bytes, contentType, digest }: FetchedManifest): Promise<Known> => {
    const manifest = parseManifest(bytes, contentType, nameOf(digest));
    // Its digest is the registry's word alone: not to be kept.
    if (manifest.kind === "schema1") return { kind: "schema1", manifest };
    const facts =
      manifest.kind === "index"
        ? indexFacts(manifest)
        : await readImageFacts(manifest, { client, repository, what: nameOf(digest) });
    cache.learn(digest, facts);
    return facts;
  };
  const byDigest = (digest: Digest): Promise<Known> =>
    once(digest, async () => await learn(await client.getManifest(repository, digest)));

  /** Null when that child is not there: not every registry holds all variants. */
  const childOf = async (facts: IndexFacts, level: number): Promise<Known | null> => {
    const child = chooseEntry(facts, machine);
    if (child === null || level > mostLevels) return null;
    try {
      const known = await byDigest(child.digest);
      return known.kind === "index" ? await childOf(known, level + 1) : known;
    } catch (error) {
      if (isRegctlError(error, "NOT_FOUND")) return null;
      throw error;
    }
  };
  const detail = async (digest: Digest, known: Known): Promise<TagDetails> =>
    known.kind === "index"
      ? detailIndex(digest, known, await childOf(known, 1), machine)
      : detailOne(digest, known);

  const byTag = async (tag: string): Promise<TagDetails> => {
    const fetched = await client.getManifest(repository, tag);
    const { digest } = fetched;
    const known = await once(digest, () => learn(fetched));
    if (known.kind !== "schema1") cache.sawTag(tag, digest);
    return await detail(digest, known);
  };
  /** One short question where the answer is probably known, one long one where it is not. */
  const lookAt = async (tag: string): Promise<TagDetails | null> => {
    const last = cache.lastDigestOf(tag);
    if (last === null || cache.factsOf(last) === null) return await byTag(tag);
    const head = await client.headManifest(repository, tag);
    if (head === null) return null;
    if (manifestKindOf(mediaTypeOf(head.contentType)) === "schema1") return await byTag(tag);
    if (head.digest !== last && cache.factsOf(head.digest) === null) return await byTag(tag);
    cache.sawTag(tag, head.digest);
    return await detail(head.digest, await byDigest(head.digest));
  };
  return {
    look: (tag) =>
      options.limit(async () => {
        try {
          return await lookAt(tag);
        } catch (error) {
          if (isRegctlError(error, "NOT_FOUND")) return null;
          throw error;
        }
      }),
  };
}

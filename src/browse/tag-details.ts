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

interface Reader extends LookerOptions {
  readonly underWay: Map<Digest, Promise<Known>>;
}

export function createLooker(options: LookerOptions): Looker {
  const reader: Reader = { ...options, underWay: new Map() };
  return {
    look: (tag) =>
      options.limit(async () => {
        try {
          return await lookAt(tag, reader);
        } catch (error) {
          if (isRegctlError(error, "NOT_FOUND")) return null;
          throw error;
        }
      }),
  };
}

/** One short question where the answer is probably known, one long one where it is not. */
async function lookAt(tag: string, reader: Reader): Promise<TagDetails | null> {
  const { client, repository, cache } = reader;
  const last = cache.lastDigestOf(tag);
  if (last === null || cache.factsOf(last) === null) return await readTag(tag, reader);
  const head = await client.headManifest(repository, tag);
  if (head === null) return null;
  if (manifestKindOf(mediaTypeOf(head.contentType)) === "schema1") return await readTag(tag, reader);
  if (head.digest !== last && cache.factsOf(head.digest) === null) return await readTag(tag, reader);
  cache.sawTag(tag, head.digest);
  return await detail(head.digest, await readDigest(head.digest, reader), reader);
}

async function readTag(tag: string, reader: Reader): Promise<TagDetails> {
  const fetched = await reader.client.getManifest(reader.repository, tag);
  const { digest } = fetched;
  const known = await once(digest, reader, () => learn(fetched, reader));
  if (known.kind !== "schema1") reader.cache.sawTag(tag, digest);
  return await detail(digest, known, reader);
}

function readDigest(digest: Digest, reader: Reader): Promise<Known> {
  const { client, repository } = reader;
  return once(digest, reader, async () => await learn(await client.getManifest(repository, digest), reader));
}

/** Reads a manifest once, however many tags lead to it. */
function once(digest: Digest, { cache, underWay }: Reader, read: () => Promise<Known>): Promise<Known> {
  const cached = cache.factsOf(digest);
  if (cached !== null) return Promise.resolve(cached);
  const begun = underWay.get(digest) ?? read();
  underWay.set(digest, begun);
  return begun;
}

async function learn({ bytes, contentType, digest }: FetchedManifest, reader: Reader): Promise<Known> {
  const { client, repository, cache } = reader;
  const what = `${client.registry}/${repository}@${digest}`;
  const manifest = parseManifest(bytes, contentType, what);
  // Its digest is the registry's word alone: not to be kept.
  if (manifest.kind === "schema1") return { kind: "schema1", manifest };
  const facts =
    manifest.kind === "index"
      ? indexFacts(manifest)
      : await readImageFacts(manifest, { client, repository, what });
  cache.learn(digest, facts);
  return facts;
}

async function detail(digest: Digest, known: Known, reader: Reader): Promise<TagDetails> {
  if (known.kind !== "index") return detailOne(digest, known);
  return detailIndex(digest, known, await readChild(known, 1, reader), reader.machine);
}

/** Null when that child is not there: not every registry holds all variants. */
async function readChild(facts: IndexFacts, level: number, reader: Reader): Promise<Known | null> {
  const child = chooseEntry(facts, reader.machine);
  if (child === null || level > mostLevels) return null;
  try {
    const known = await readDigest(child.digest, reader);
    return known.kind === "index" ? await readChild(known, level + 1, reader) : known;
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

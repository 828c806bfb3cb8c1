/**
 * Facts of manifests, kept by digest in one file for each repository. Nothing in it can be outdated: what a digest
 * says never changes, and which digest a tag has is asked anew every time. The digest that a tag had last is kept only
 * to guess which question is the cheapest. A cache that cannot be read or written is none.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Files } from "../ports.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { objectOf, parseJson } from "../registry/json.ts";
import { factsToJson, type ManifestFacts, parseFacts } from "./manifest-facts.ts";

export interface FactCache {
  factsOf(digest: Digest): ManifestFacts | null;
  /** The digest that a tag had when it was last looked at. */
  lastDigestOf(tag: string): Digest | null;
  learn(digest: Digest, facts: ManifestFacts): void;
  sawTag(tag: string, digest: Digest): void;
  /** Writes what is new, together with what others wrote meanwhile. Never throws. */
  save(): Promise<void>;
}

export interface CachePlace {
  readonly files: Files;
  /** The folder of regctl's caches. */
  readonly folder: string;
  /** HOST[:PORT]/NAME. */
  readonly repository: string;
  readonly maySave: boolean;
}

const version = 1;
/** Of digests, and of tags. A file has some 300 bytes for each. */
const most = 20_000;
const longestFile = 32 * 1024 * 1024;

interface Content {
  readonly facts: Map<Digest, ManifestFacts>;
  readonly tags: Map<string, Digest>;
}

/** Names of repositories have slashes and may be long: the file is named by their hash. */
export function cachePath({ folder, repository }: Pick<CachePlace, "folder" | "repository">): string {
  const name = createHash("sha256").update(repository).digest("hex").slice(0, 32);
  return posix.join(folder, "manifests", `${name}.json`);
}

export async function openFactCache(place: CachePlace): Promise<FactCache> {
  const { facts, tags } = await readContent(place);
  // What this run met, which stays when not everything can.
  const met: Content = { facts: new Map(), tags: new Map() };
  let changed = false;
  return {
    factsOf: (digest) => {
      const known = met.facts.get(digest) ?? facts.get(digest) ?? null;
      if (known !== null) met.facts.set(digest, known);
      return known;
    },
    lastDigestOf: (tag) => met.tags.get(tag) ?? tags.get(tag) ?? null,
    learn: (digest, learnt) => {
      met.facts.set(digest, learnt);
      changed = true;
    },
    sawTag: (tag, digest) => {
      met.tags.set(tag, digest);
      changed ||= tags.get(tag) !== digest;
    },
    save: async () => {
      if (!changed || !place.maySave) return;
      await writeContent(place, met);
      changed = false;
    },
  };
}

async function readContent(place: CachePlace): Promise<Content> {
  const nothing: Content = { facts: new Map(), tags: new Map() };
  try {
    const bytes = await place.files.read(cachePath(place));
    return bytes === null || bytes.length > longestFile ? nothing : parseContent(bytes, place.repository);
  } catch {
    return nothing;
  }
}

function parseContent(bytes: Buffer, repository: string): Content {
  const content: Content = { facts: new Map(), tags: new Map() };
  const object = objectOf(parseJson(bytes));
  if (object?.version !== version || object.repository !== repository) return content;
  for (const [key, value] of Object.entries(objectOf(object.facts) ?? {})) {
    const digest = parseDigest(key);
    const facts = parseFacts(value);
    if (digest !== null && facts !== null) content.facts.set(digest, facts);
  }
  for (const [tag, value] of Object.entries(objectOf(object.tags) ?? {})) {
    const digest = parseDigest(value);
    if (digest !== null) content.tags.set(tag, digest);
  }
  return content;
}

/** Another run may have written since: its entries are kept, as far as there is room. */
async function writeContent(place: CachePlace, met: Content): Promise<void> {
  try {
    const there = await readContent(place);
    const facts = firstOf(met.facts, there.facts);
    const tags = firstOf(met.tags, there.tags);
    const document = {
      version,
      repository: place.repository,
      facts: Object.fromEntries(facts.map(([digest, each]) => [digest, factsToJson(each)])),
      tags: Object.fromEntries(tags),
    };
    await place.files.write(cachePath(place), JSON.stringify(document), { mode: 0o600, durable: false });
  } catch {
    // Then the next run asks again.
  }
}

function firstOf<K, V>(own: ReadonlyMap<K, V>, others: ReadonlyMap<K, V>): readonly [K, V][] {
  const rest = [...others].filter(([key]) => !own.has(key));
  return [...own, ...rest].slice(0, most);
}

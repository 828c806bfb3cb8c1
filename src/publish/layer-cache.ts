/**
 * What the layers of images became when they were packed, for each registry: an unpacked layer's digest to the blobs
 * that hold it and to the repositories where these were seen. It may be wrong about what is there still: whoever uses
 * it asks the registry. A cache that cannot be read or written is none.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Files } from "../ports.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { countOf, listOf, objectOf, parseJson, textOf, textsOf } from "../registry/json.ts";
import { isAlgorithm, type PackedLayer } from "./packed-layer.ts";

export interface CachedLayer extends PackedLayer {
  /** Of the same registry, the latest first. */
  readonly repositories: readonly string[];
}

export interface LayerCache {
  /** All forms in which a layer is known. A configuration is known by its own digest. */
  formsOf(diffId: Digest): readonly CachedLayer[];
  learn(diffId: Digest, layer: PackedLayer, repository: string): void;
  /** Writes what is new, together with what others wrote meanwhile. Never throws. */
  save(): Promise<void>;
}

export interface CachePlace {
  readonly files: Files;
  /** The folder of regctl's caches. */
  readonly folder: string;
  readonly registry: string;
  readonly maySave: boolean;
}

const version = 1;
/** Layers in one file, of some 300 bytes each. */
const most = 10_000;
const mostRepositories = 8;
const longestFile = 32 * 1024 * 1024;

type Content = Map<Digest, readonly CachedLayer[]>;

function cachePath({ folder, registry }: Pick<CachePlace, "folder" | "registry">): string {
  const name = createHash("sha256").update(registry).digest("hex").slice(0, 32);
  return posix.join(folder, "layers", `${name}.json`);
}

export async function openLayerCache(place: CachePlace): Promise<LayerCache> {
  const content = await readContent(place);
  const learnt: Content = new Map();
  let saving: Promise<void> = Promise.resolve();
  return {
    formsOf: (diffId) => learnt.get(diffId) ?? content.get(diffId) ?? [],
    learn: (diffId, layer, repository) => {
      const forms = learnt.get(diffId) ?? content.get(diffId) ?? [];
      learnt.set(diffId, joinForms([{ ...layer, repositories: [repository] }], forms));
    },
    save: () => {
      const batch = new Map(learnt);
      // What is learnt while this is being written is for the next time.
      for (const [diffId, forms] of batch) content.set(diffId, forms);
      learnt.clear();
      if (batch.size > 0 && place.maySave) saving = saving.then(() => writeContent(place, batch));
      return saving;
    },
  };
}

function joinForms(own: readonly CachedLayer[], others: readonly CachedLayer[]): readonly CachedLayer[] {
  const joined = new Map<Digest, CachedLayer>();
  for (const form of [...own, ...others]) {
    const before = joined.get(form.digest);
    const repositories = [...new Set([...(before?.repositories ?? []), ...form.repositories])];
    joined.set(form.digest, { ...(before ?? form), repositories: repositories.slice(0, mostRepositories) });
  }
  return [...joined.values()];
}

async function readContent(place: CachePlace): Promise<Content> {
  try {
    const bytes = await place.files.read(cachePath(place));
    return bytes === null || bytes.length > longestFile ? new Map() : parseContent(bytes, place.registry);
  } catch {
    return new Map();
  }
}

function parseContent(bytes: Buffer, registry: string): Content {
  const object = objectOf(parseJson(bytes));
  if (object?.version !== version || object.registry !== registry) return new Map();
  const entries = Object.entries(objectOf(object.layers) ?? {}).flatMap(([key, value]) => {
    const diffId = parseDigest(key);
    const forms = (listOf(value) ?? []).flatMap((each) => readForm(each) ?? []);
    return diffId === null || forms.length === 0 ? [] : [[diffId, forms] as const];
  });
  return new Map(entries);
}

function readForm(value: unknown): CachedLayer | null {
  const object = objectOf(value);
  const digest = parseDigest(object?.digest);
  const size = countOf(object?.size);
  const algorithm = textOf(object?.algorithm) ?? "";
  if (digest === null || size === undefined || !isAlgorithm(algorithm)) return null;
  const unpacked = countOf(object?.unpacked) ?? null;
  return { digest, size, algorithm, unpacked, repositories: textsOf(object?.repositories) };
}

/** Another run may have written since: its layers are kept, as far as there is room. */
async function writeContent(place: CachePlace, learnt: Content): Promise<void> {
  try {
    const there = await readContent(place);
    const own = [...learnt].map(([id, forms]) => [id, joinForms(forms, there.get(id) ?? [])] as const);
    const rest = [...there].filter(([id]) => !learnt.has(id));
    const layers = Object.fromEntries([...own, ...rest].slice(0, most));
    const text = JSON.stringify({ version, registry: place.registry, layers });
    await place.files.write(cachePath(place), text, { mode: 0o600, durable: false });
  } catch {
    // Then the next run finds out again.
  }
}

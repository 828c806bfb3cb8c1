/**
 * What a repository says of its layers: the manifest of an image names them packed, its configuration unpacked, in the
 * same order. So what `docker push` or a build put there is found without any cache of ours.
 */
import pLimit from "p-limit";
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { RegistryClient } from "../registry/client.ts";
import { parseImageConfig } from "../registry/config.ts";
import type { Digest } from "../registry/digest.ts";
import { type ImageManifest, type Manifest, parseManifest } from "../registry/manifest.ts";
import { layerCompressionOf } from "../registry/media-types.ts";
import type { PackedLayer } from "./packed-layer.ts";

export interface Seeding {
  readonly client: Pick<RegistryClient, "registry" | "getManifest" | "readBlob" | "tagPages">;
  readonly repository: string;
  /** Looked at first: images under the tags that are published to are probably older ones of the same. */
  readonly tags: readonly string[];
  /** The image that is published: the layers of its configuration need not be read. */
  readonly image: { readonly id: Digest; readonly diffIds: readonly Digest[] };
  /** Ends the search as soon as it is true. */
  readonly enough: () => boolean;
  readonly learn: (diffId: Digest, layer: PackedLayer) => void;
  readonly signal: AbortSignal;
}

/** Images looked at in one repository. */
const mostImages = 24;
const atOnce = 6;

/** Never throws but what the signal was aborted with: nothing found out is nothing reused. */
export async function seedFromRepository(seeding: Seeding): Promise<void> {
  const { signal, enough, tags } = seeding;
  try {
    const seen = new Set<Digest>();
    await lookAt(tags, seen, seeding);
    if (enough()) return;
    await lookAt(await otherTags(seeding), seen, seeding);
  } catch (error) {
    signal.throwIfAborted();
    if (!isRegctlError(error)) throw error;
  }
}

async function otherTags({ client, repository, tags, signal }: Seeding): Promise<readonly string[]> {
  const found: string[] = [];
  const collect = async (): Promise<void> => {
    for await (const { entries } of client.tagPages(repository)) found.push(...entries);
  };
  await interruptible(collect(), signal);
  // Names mostly grow with time.
  return found
    .filter((tag) => !tags.includes(tag))
    .reverse()
    .slice(0, mostImages);
}

async function lookAt(keys: readonly string[], seen: Set<Digest>, seeding: Seeding): Promise<void> {
  const limit = pLimit(atOnce);
  const look = async (key: string): Promise<void> => {
    seeding.signal.throwIfAborted();
    if (seeding.enough()) return;
    try {
      for (const manifest of await readImages(key, seen, seeding)) await pair(manifest, seeding);
    } catch (error) {
      seeding.signal.throwIfAborted();
      if (!isRegctlError(error)) throw error;
    }
  };
  await Promise.all(keys.map((key) => limit(look, key)));
}

/** The image under a tag, or the first ones of an index. */
async function readImages(
  key: string,
  seen: Set<Digest>,
  seeding: Seeding,
): Promise<readonly ImageManifest[]> {
  const manifest = await readOne(key, seen, seeding);
  if (manifest === null) return [];
  if (manifest.kind === "image") return [manifest];
  if (manifest.kind !== "index") return [];
  const children: ImageManifest[] = [];
  for (const { digest } of manifest.manifests.slice(0, 8)) {
    const child = await readOne(digest, seen, seeding);
    if (child?.kind === "image") children.push(child);
  }
  return children;
}

async function readOne(
  key: string,
  seen: Set<Digest>,
  { client, repository, signal }: Seeding,
): Promise<Manifest | null> {
  const { bytes, contentType, digest } = await interruptible(client.getManifest(repository, key), signal);
  if (seen.has(digest)) return null;
  seen.add(digest);
  return parseManifest(bytes, contentType, `${client.registry}/${repository}@${digest}`);
}

async function pair({ config, layers }: ImageManifest, seeding: Seeding): Promise<void> {
  const { image, learn } = seeding;
  const diffIds = config.digest === image.id ? image.diffIds : await readDiffIds(config, seeding);
  if (diffIds.length !== layers.length) return;
  for (const [index, { digest, size, mediaType }] of layers.entries()) {
    const algorithm = layerCompressionOf(mediaType);
    const diffId = diffIds[index];
    if (algorithm !== null && diffId !== undefined)
      learn(diffId, { digest, size, algorithm, unpacked: null });
  }
  if (config.digest === image.id) {
    learn(config.digest, { digest: config.digest, size: config.size, algorithm: "none", unpacked: null });
  }
}

async function readDiffIds(
  config: ImageManifest["config"],
  { client, repository, signal }: Seeding,
): Promise<readonly Digest[]> {
  const bytes = await interruptible(client.readBlob(repository, config), signal);
  return parseImageConfig(bytes, `${client.registry}/${repository}@${config.digest}`).diffIds;
}

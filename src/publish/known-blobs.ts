/**
 * What is known of blobs of containerd's store: they are the same wherever they lie, so that each is remembered by its
 * own digest, manifests and indexes too, with the repositories that have it.
 */
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Digest } from "../registry/digest.ts";
import { layerCompressionOf, mediaTypes } from "../registry/media-types.ts";
import { judgeManifest, type Readable } from "../transfer/tree.ts";
import type { Destination } from "./destination.ts";
import type { LayerCache } from "./layer-cache.ts";
import { type LinkedBlob, linkImage } from "./link-image.ts";
import { mountBlob } from "./mount-blob.ts";
import type { Published } from "./published.ts";
import type { PublishWorld } from "./world.ts";

/** A manifest that the repository has, with what it names. */
export function learnBlobs({ descriptor, manifest }: Readable, cache: LayerCache, repository: string): void {
  const named = manifest.kind === "image" ? manifest.layers : [];
  for (const { digest, size, mediaType } of [descriptor, ...named]) {
    const algorithm = layerCompressionOf(mediaType) ?? "none";
    cache.learn(digest, { digest, size, algorithm, unpacked: null }, repository);
  }
}

/** A blob of an image that is no layer. */
export function isConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociConfig || mediaType === mediaTypes.dockerConfig;
}

/** The latest first. It may be gone from there. */
function repositoriesOf(digest: Digest, cache: LayerCache, but: string): readonly string[] {
  const all = cache.formsOf(digest).flatMap(({ repositories }) => repositories);
  return [...new Set(all)].filter((repository) => repository !== but);
}

/** One that another repository is known to have. */
export async function mountKnown(
  digest: Digest,
  cache: LayerCache,
  destination: Destination,
): Promise<boolean> {
  const [from] = repositoriesOf(digest, cache, destination.repository);
  return from !== undefined && (await mountBlob(digest, from, destination));
}

export interface Linked {
  readonly root: Readable;
  readonly amounts: Pick<Published, "bytesSent" | "bytesReused" | "layers">;
}

/** The whole image, where another repository has it: nothing is read from the engine then. */
export async function linkFromElsewhere(
  id: Digest,
  { cache, destination }: { readonly cache: LayerCache; readonly destination: Destination },
  world: PublishWorld,
): Promise<Linked | null> {
  const [from] = repositoriesOf(id, cache, destination.repository);
  if (from === undefined) return null;
  try {
    const { client, signal, repository } = destination;
    const found = await interruptible(client.getManifest(from, id), signal);
    const root = judgeManifest(found, `${client.registry}/${from}@${id}`);
    return { root, amounts: amountsOf(await linkImage(root, { from, to: repository }, destination, world)) };
  } catch (error) {
    destination.signal.throwIfAborted();
    // Something of it is gone, or not for us: what was linked is there, and the engine has the rest.
    if (isRegctlError(error) && error.code !== "REGISTRY_UNREACHABLE") return null;
    throw error;
  }
}

function amountsOf(results: readonly LinkedBlob[]): Linked["amounts"] {
  const layersOf = results.filter(({ mediaType }) => !isConfigType(mediaType));
  const count = (wanted: string): number => layersOf.filter(({ how }) => how === wanted).length;
  const bytesSent = results.reduce((sum, { bytes }) => sum + bytes, 0);
  const all = results.reduce((sum, { size }) => sum + size, 0);
  const layers = { sent: count("moved"), reused: count("there"), mounted: count("mounted") };
  return { bytesSent, bytesReused: Math.max(0, all - bytesSent), layers };
}

/** Every variant of an image, read with its configuration. */

import { RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { type ImageIndex, type Manifest, parseManifest } from "../registry/manifest.ts";
import { type Platform, renderPlatform } from "../registry/platform.ts";
import { imageEntries, matchPlatform } from "../registry/platform-match.ts";
import type { Schema1Manifest } from "../registry/schema1.ts";
import { atOnce, inParallel } from "./in-parallel.ts";
import { inspectImage, inspectSchema1 } from "./inspect-manifest.ts";
import type { InspectedPlatform } from "./inspect-outcome.ts";
import { itemErrorOf } from "./item-error.ts";
import { artifactTypeOf } from "./manifest-facts.ts";
import { readConfig } from "./read-config.ts";

export interface Place {
  readonly client: RegistryClient;
  /** Without the registry. */
  readonly repository: string;
  /** HOST[:PORT]/NAME:TAG, for errors. */
  readonly what: string;
}

/** Indexes within indexes are followed so far. */
const mostLevels = 3;

/** Of an index those that are wanted, else the thing itself. Throws PLATFORM_MISSING. */
export async function readPlatforms(
  place: Place,
  digest: Digest,
  manifest: Manifest,
  wanted: Platform | null,
): Promise<readonly InspectedPlatform[]> {
  if (manifest.kind !== "index") {
    const only = await readOne(place, digest, manifest);
    if (wanted !== null) refuseOther(place, only, wanted);
    return [only];
  }
  const entries = wanted === null ? imageEntries(manifest.manifests) : [chooseEntry(place, manifest, wanted)];
  return await readEntries(place, entries, 1);
}

/** The entry of an index for a platform. Throws PLATFORM_MISSING. */
export function chooseEntry({ what }: Place, { manifests }: ImageIndex, wanted: Platform): Descriptor {
  const match = matchPlatform(manifests, wanted);
  if (match !== null) return match.entry;
  const available = imageEntries(manifests).flatMap(({ platform }) =>
    platform === undefined ? [] : [renderPlatform(platform)],
  );
  throw new RegctlError("PLATFORM_MISSING", { what, platform: renderPlatform(wanted), available });
}

/** An image that does not say what it is for may be for anything. */
function refuseOther(
  { what }: Place,
  { platform, digest, mediaType }: InspectedPlatform,
  wanted: Platform,
): void {
  const [os, architecture, variant] = platform?.split("/") ?? [];
  if (platform === null || os === undefined || architecture === undefined) return;
  const own = { os: os.replace(/\(.*/, ""), architecture, ...(variant === undefined ? {} : { variant }) };
  if (matchPlatform([{ mediaType, digest, size: 0, platform: own }], wanted) !== null) return;
  throw new RegctlError("PLATFORM_MISSING", {
    what,
    platform: renderPlatform(wanted),
    available: [platform],
  });
}

async function readEntries(
  place: Place,
  entries: readonly Descriptor[],
  level: number,
): Promise<readonly InspectedPlatform[]> {
  const found: (readonly InspectedPlatform[])[] = [];
  await inParallel(entries, atOnce, async (entry, index) => {
    found[index] = await readEntry(place, entry, level);
  });
  return found.flat();
}

/** What is wrong with one variant stays with it. */
async function readEntry(
  place: Place,
  entry: Descriptor,
  level: number,
): Promise<readonly InspectedPlatform[]> {
  const { client, repository, what } = place;
  const { digest, mediaType } = entry;
  const platform = entry.platform === undefined ? null : renderPlatform(entry.platform);
  try {
    const { bytes, contentType } = await client.getManifest(repository, digest);
    const manifest = parseManifest(bytes, contentType, `${what} (${digest})`);
    if (manifest.kind === "index" && level < mostLevels) {
      return await readEntries(place, imageEntries(manifest.manifests), level + 1);
    }
    const read = await readOne(place, digest, manifest);
    return [platform === null ? read : { ...read, platform }];
  } catch (error) {
    return [{ ...nothing, platform, digest, mediaType, error: itemErrorOf(error) }];
  }
}

const nothing = { size: null, created: null, layers: [], config: null, history: [] };

async function readOne(place: Place, digest: Digest, manifest: Manifest): Promise<InspectedPlatform> {
  if (manifest.kind === "schema1") {
    return inspectSchema1(digest, manifest, await readLayerSizes(place, manifest));
  }
  if (manifest.kind === "index") {
    return { ...nothing, platform: null, digest, mediaType: manifest.mediaType };
  }
  const config = artifactTypeOf(manifest) === null ? await readConfig(manifest, place) : null;
  return inspectImage(digest, manifest, config);
}

async function readLayerSizes(
  { client, repository }: Place,
  { layers }: Schema1Manifest,
): Promise<ReadonlyMap<Digest, number | null>> {
  const sizes = new Map<Digest, number | null>();
  const digests = new Set(layers.map(({ digest }) => digest));
  await inParallel(digests, atOnce, async (digest) => {
    sizes.set(digest, (await client.headBlob(repository, digest))?.size ?? null);
  });
  return sizes;
}

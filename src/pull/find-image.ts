/** The one image of a reference that an engine is to have: its platform chosen, its parts known and sound. */
import { RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { type ImageConfig, parseImageConfig } from "../registry/config.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import type { ImageManifest } from "../registry/manifest.ts";
import { layerCompressionOf, mediaTypes } from "../registry/media-types.ts";
import { type Platform, renderPlatform } from "../registry/platform.ts";
import { imageEntries, matchPlatform } from "../registry/platform-match.ts";
import { manifestKeyOf, type Reference, renderReference } from "../registry/reference.ts";
import { judgeManifest } from "../transfer/tree.ts";

export interface FoundManifest {
  /** What the reference leads to: this manifest, or an index that names it. */
  readonly root: Digest;
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly manifest: ImageManifest;
}

export interface FoundImage {
  readonly root: Digest;
  readonly descriptor: Descriptor;
  readonly manifest: FoundManifest;
  /** As the registry holds it. */
  readonly config: Uint8Array;
  readonly platform: Platform | null;
  /** Of the unpacked layers, the base first: as many as the manifest has layers. */
  readonly diffIds: readonly Digest[];
}

export interface WantedPlatform {
  readonly platform: Platform;
  /** By `--platform`: nothing else will do. */
  readonly asked: boolean;
}

type Client = Pick<RegistryClient, "getManifest" | "readBlob">;

/** Throws NOT_FOUND, PLATFORM_MISSING, CONTENT_BROKEN, and USAGE for what is no container image. */
export async function findManifest(
  client: Client,
  reference: Reference,
  wanted: WantedPlatform,
): Promise<FoundManifest> {
  const { repository } = reference;
  const what = renderReference(reference);
  const root = judgeManifest(await client.getManifest(repository, manifestKeyOf(reference)), what);
  if (root.manifest.kind === "image") {
    return { ...root, root: root.descriptor.digest, manifest: requireImage(root.manifest, what) };
  }
  const entry = chooseEntry(root.manifest.manifests, wanted, what);
  const chosen = judgeManifest(await client.getManifest(repository, entry.digest), what);
  if (chosen.manifest.kind !== "image") {
    throw new RegctlError("CONTENT_BROKEN", { what, problem: "its index names an index as an image" });
  }
  const descriptor = { ...chosen.descriptor, ...(entry.platform ? { platform: entry.platform } : {}) };
  return {
    ...chosen,
    descriptor,
    root: root.descriptor.digest,
    manifest: requireImage(chosen.manifest, what),
  };
}

function chooseEntry(entries: readonly Descriptor[], wanted: WantedPlatform, what: string): Descriptor {
  const found = matchPlatform(entries, wanted.platform);
  if (found !== null && (found.fit === "exact" || !wanted.asked)) return found.entry;
  const offered = imageEntries(entries).flatMap(({ platform }) => platform ?? []);
  throw missing(what, wanted.platform, offered);
}

function missing(what: string, platform: Platform, offered: readonly Platform[]): RegctlError {
  const available = [...new Set(offered.map(renderPlatform))];
  return new RegctlError("PLATFORM_MISSING", { what, platform: renderPlatform(platform), available });
}

const configTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

function requireImage(manifest: ImageManifest, what: string): ImageManifest {
  const { mediaType } = manifest.config;
  if (configTypes.includes(mediaType)) return manifest;
  const problem = `${what} is no container image (${mediaType}), and an engine takes nothing else`;
  throw new RegctlError("USAGE", { problem, type: "--output oci:DIR" });
}

/** With its configuration. Throws as above, and DIGEST_MISMATCH. */
export async function readImage(
  client: Client,
  reference: Reference,
  manifest: FoundManifest,
  wanted: WantedPlatform,
): Promise<FoundImage> {
  const what = renderReference(reference);
  const config = await client.readBlob(reference.repository, manifest.manifest.config);
  const parsed = parseImageConfig(config, `the configuration of ${what}`);
  requirePlatform(parsed, wanted, what);
  const { layers } = manifest.manifest;
  if (parsed.diffIds.length !== layers.length) {
    const problem = `its manifest names ${layers.length} layers, and its configuration ${parsed.diffIds.length}`;
    throw new RegctlError("CONTENT_BROKEN", { what, problem });
  }
  const { root, descriptor } = manifest;
  return { root, descriptor, manifest, config, platform: parsed.platform, diffIds: parsed.diffIds };
}

function requirePlatform({ platform }: ImageConfig, wanted: WantedPlatform, what: string): void {
  if (!wanted.asked) return;
  if (platform !== null && renderPlatform(platform) === renderPlatform(wanted.platform)) return;
  throw missing(what, wanted.platform, platform === null ? [] : [platform]);
}

/** The first layer that engines before 23 cannot unpack, or null. */
export function zstdLayerOf({ layers }: ImageManifest): Descriptor | null {
  return layers.find(({ mediaType }) => layerCompressionOf(mediaType) === "zstd") ?? null;
}

/** What a manifest says of itself for good: as its digest never changes, so do these facts. Pure. */
import type { Descriptor } from "../registry/descriptor.ts";
import { readDescriptor } from "../registry/descriptor.ts";
import { countOf, listOf, objectOf, textOf } from "../registry/json.ts";
import type { ImageIndex, ImageManifest } from "../registry/manifest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { renderPlatform } from "../registry/platform.ts";
import { imageEntries } from "../registry/platform-match.ts";

/** What all kinds have. `created`: RFC 3339, UTC; null when nobody told. */
interface Common {
  readonly created: string | null;
}

export interface ImageFacts extends Common {
  readonly kind: "image";
  /** `linux/amd64`; null when the configuration does not say. */
  readonly platform: string | null;
  /** Bytes that travel: layers as they are packed, and the configuration. */
  readonly size: number;
}

/** Something that is no container image: a Helm chart, a bill of materials, a signature. */
export interface ArtifactFacts extends Common {
  readonly kind: "artifact";
  readonly type: string;
  readonly size: number;
}

export interface IndexFacts extends Common {
  readonly kind: "index";
  /** Those that are images; their type, digest, size and platform alone. */
  readonly entries: readonly Descriptor[];
  readonly attestations: number;
}

export type ManifestFacts = ImageFacts | ArtifactFacts | IndexFacts;

const createdAnnotation = "org.opencontainers.image.created";

export function createdOf(annotations: Readonly<Record<string, string>> | undefined): string | null {
  const time = new Date(annotations?.[createdAnnotation] ?? "");
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

export function sizeOf({ config, layers }: ImageManifest): number {
  return layers.reduce((sum, { size }) => sum + size, config.size);
}

/** The type of what is packed as an image without being one; null for a container image. */
export function artifactTypeOf(manifest: ImageManifest): string | null {
  const { config, artifactType, mediaType } = manifest;
  if (config.mediaType === mediaTypes.dockerConfig || config.mediaType === mediaTypes.ociConfig) return null;
  // Old clients of Docker gave the configuration no type of its own.
  const untyped = ["", "application/octet-stream", "application/json"].includes(config.mediaType);
  if (untyped && mediaType === mediaTypes.dockerManifest) return null;
  return artifactType ?? config.mediaType;
}

export function artifactFacts(manifest: ImageManifest, type: string): ArtifactFacts {
  return { kind: "artifact", type, created: createdOf(manifest.annotations), size: sizeOf(manifest) };
}

export function indexFacts({ manifests, annotations }: ImageIndex): IndexFacts {
  const entries = imageEntries(manifests).map(({ mediaType, digest, size, platform }) => ({
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : { platform }),
  }));
  const attestations = manifests.length - entries.length;
  return { kind: "index", created: createdOf(annotations), entries, attestations };
}

/** Each platform of an index once, in its order. */
export function platformsOf({ entries }: IndexFacts): readonly string[] {
  const named = entries.flatMap(({ platform }) => (platform === undefined ? [] : [renderPlatform(platform)]));
  return [...new Set(named)];
}

/** As they stand in a file; `parseFacts` reads it back. */
export function factsToJson(facts: ManifestFacts): object {
  if (facts.kind !== "index") return facts;
  return { ...facts, entries: facts.entries.map(entryToJson) };
}

function entryToJson({ platform, ...entry }: Descriptor): object {
  if (platform === undefined) return entry;
  const { osVersion, ...rest } = platform;
  return { ...entry, platform: osVersion === undefined ? rest : { ...rest, "os.version": osVersion } };
}

/** Null for what is none: the file may be of another version, or damaged. */
export function parseFacts(value: unknown): ManifestFacts | null {
  const object = objectOf(value);
  const created = object?.created ?? null;
  if (object === undefined || (created !== null && !isTime(created))) return null;
  const size = countOf(object.size);
  if (object.kind === "image" && size !== undefined) {
    return { kind: "image", created, platform: textOf(object.platform) ?? null, size };
  }
  const type = textOf(object.type);
  if (object.kind === "artifact" && size !== undefined && type !== undefined) {
    return { kind: "artifact", created, type, size };
  }
  const attestations = countOf(object.attestations);
  const entries = listOf(object.entries)?.map(readDescriptor);
  if (object.kind !== "index" || attestations === undefined || entries === undefined) return null;
  const sound = entries.filter((entry) => typeof entry !== "string");
  return sound.length === entries.length ? { kind: "index", created, entries: sound, attestations } : null;
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-.*Z$/.test(value) && !Number.isNaN(Date.parse(value));
}

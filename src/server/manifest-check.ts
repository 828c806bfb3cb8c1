/** What is pushed as a manifest, judged and taken apart. Pure. */
import { isRegctlError } from "../errors.ts";
import { type Descriptor, readDescriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { type JsonObject, listOf, objectOf, parseJson, textOf, textRecordOf } from "../registry/json.ts";
import { type Manifest, parseManifest } from "../registry/manifest.ts";
import { isForeignLayer, manifestKindOf, mediaTypeOf } from "../registry/media-types.ts";
import type { RegistryLimits } from "./core.ts";
import { exceedsJson } from "./json-bounds.ts";

export interface JudgedManifest {
  /** Under which it is served. */
  readonly mediaType: string;
  /** What must be there for it to be whole, each once. */
  readonly blobs: readonly Digest[];
  /** Entries of an index: manifests, or for caches of builders blobs. */
  readonly children: readonly Digest[];
  readonly subject: Digest | null;
  readonly artifactType: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest, or what is wrong with it in words. */
export function judgeManifest(
  bytes: Buffer,
  contentType: string | undefined,
  limits: Pick<RegistryLimits, "manifestDepth" | "manifestValues" | "manifestReferences">,
): JudgedManifest | string {
  const exceeded = exceedsJson(bytes, { depth: limits.manifestDepth, values: limits.manifestValues });
  if (exceeded === "depth") return `it is nested more than ${limits.manifestDepth} deep`;
  if (exceeded === "values") return `it has more than ${limits.manifestValues} values`;
  const object = objectOf(parseJson(bytes));
  if (object === undefined) return "it is no JSON object";
  const outside = mediaTypeOf(contentType);
  const inside = mediaTypeOf(textOf(object.mediaType));
  if (outside !== "" && inside !== "" && outside !== inside) {
    return `it was sent as ${clip(outside)}, and says that it is ${clip(inside)}`;
  }
  const judged = judgeAs(outside === "" ? inside : outside, bytes, object);
  if (typeof judged === "string") return judged;
  const count = judged.blobs.length + judged.children.length;
  return count > limits.manifestReferences
    ? `it names ${count} blobs and manifests, and ${limits.manifestReferences} are allowed`
    : judged;
}

function judgeAs(mediaType: string, bytes: Buffer, object: JsonObject): JudgedManifest | string {
  if (mediaType !== "" && manifestKindOf(mediaType) === null) return judgeArtifact(mediaType, object);
  const manifest = read(bytes, mediaType);
  if (typeof manifest === "string") return manifest;
  if (manifest.kind === "schema1") {
    return "it is of Docker's schema 1, which no engine pulls any more: push it as schema 2 or OCI";
  }
  return object.schemaVersion === 2 ? describe(manifest) : "its schemaVersion is not 2";
}

function read(bytes: Buffer, mediaType: string): Manifest | string {
  try {
    return parseManifest(bytes, mediaType, "the manifest");
  } catch (error) {
    if (isRegctlError(error, "CONTENT_BROKEN")) return error.facts.problem;
    throw error;
  }
}

function describe(manifest: Exclude<Manifest, { kind: "schema1" }>): JudgedManifest {
  const common = {
    mediaType: manifest.mediaType,
    subject: manifest.subject?.digest ?? null,
    annotations: manifest.annotations ?? {},
  };
  if (manifest.kind === "index") {
    const children = digestsOf(manifest.manifests);
    return { ...common, blobs: [], children, artifactType: manifest.artifactType ?? null };
  }
  const needed = manifest.layers.filter((layer) => !isForeignLayer(layer.mediaType));
  const artifactType = manifest.artifactType ?? (textOf(manifest.config.mediaType) || null);
  return { ...common, blobs: digestsOf([manifest.config, ...needed]), children: [], artifactType };
}

const artifactMediaType = /^application\/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}\+json$/;

/** A type of somebody else's: what looks like a descriptor in the usual places is held to be there. */
function judgeArtifact(mediaType: string, object: JsonObject): JudgedManifest | string {
  if (!artifactMediaType.test(mediaType)) return `${clip(mediaType)} is the type of no manifest`;
  const subject = object.subject == null ? null : readDescriptor(object.subject);
  if (typeof subject === "string") return `its subject ${subject}`;
  const listed = (name: string) => listOf(object[name]) ?? [];
  const blobs = descriptorsOf([object.config, ...listed("layers"), ...listed("blobs")]);
  return {
    mediaType,
    blobs: digestsOf(blobs.filter((blob) => !isForeignLayer(blob.mediaType))),
    children: digestsOf(descriptorsOf(listed("manifests"))),
    subject: subject?.digest ?? null,
    artifactType: textOf(object.artifactType) ?? textOf(objectOf(object.config)?.mediaType) ?? null,
    annotations: textRecordOf(object.annotations) ?? {},
  };
}

function descriptorsOf(values: readonly unknown[]): readonly Descriptor[] {
  return values.map(readDescriptor).filter((read) => typeof read !== "string");
}

function digestsOf(descriptors: readonly Descriptor[]): readonly Digest[] {
  return [...new Set(descriptors.map(({ digest }) => digest))];
}

function clip(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

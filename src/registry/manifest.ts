/**
 * Manifests and indexes, Docker's and the OCI's, read from the bytes that a registry or a layout holds. The bytes
 * are what counts and travels; this is what is read off them. Pure.
 */
import { RegctlError } from "../errors.ts";
import { type Descriptor, readDescriptor } from "./descriptor.ts";
import { defined, type JsonObject, listOf, objectOf, parseJson, textOf, textRecordOf } from "./json.ts";
import { type ManifestKind, manifestKindOf, mediaTypeOf, mediaTypes } from "./media-types.ts";
import { readSchema1, type Schema1Manifest } from "./schema1.ts";

interface Common {
  /** What to send as `Content-Type` when it is pushed again. */
  readonly mediaType: string;
  /** The manifest that this one says something about. */
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageManifest extends Common {
  readonly kind: "image";
  readonly config: Descriptor;
  /** The base first. */
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex extends Common {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

export type Manifest = ImageManifest | ImageIndex | Schema1Manifest;

/** Registries refuse more than 4 MiB, some 8; nothing longer is read. */
export const mostManifestBytes = 8 * 1024 * 1024;

/**
 * `contentType` as the registry sent it: many say text/plain or nothing, then the manifest speaks for itself.
 * `what` names it in the error. Throws CONTENT_BROKEN.
 */
export function parseManifest(
  content: Uint8Array,
  contentType: string | null | undefined,
  what: string,
): Manifest {
  const broken = (problem: string) => new RegctlError("CONTENT_BROKEN", { what, problem });
  if (content.byteLength > mostManifestBytes) {
    throw broken(`it has ${content.byteLength} bytes, and a manifest has at most ${mostManifestBytes}`);
  }
  const object = objectOf(parseJson(content));
  if (object === undefined) throw broken("it is no JSON object");
  const judged = judgeKind(object, mediaTypeOf(contentType));
  if (typeof judged === "string") throw broken(judged);
  const manifest = readers[judged.kind](object, judged.mediaType);
  if (typeof manifest === "string") throw broken(manifest);
  return manifest;
}

interface Judged {
  readonly kind: ManifestKind;
  readonly mediaType: string;
}

/**
 * The type inside counts, then the one outside, then what the fields look like. Two types that contradict each
 * other, or the fields of two kinds, are refused: whoever checks such a manifest and whoever runs it could read
 * two different images.
 */
function judgeKind(object: JsonObject, outside: string): Judged | string {
  const inside = mediaTypeOf(textOf(object.mediaType));
  const looks = kindsByFields(object);
  if (looks.length > 1) return "it has the fields of more than one kind of manifest";
  const mediaType = inside !== "" ? inside : manifestKindOf(outside) !== null ? outside : usualType(looks[0]);
  const kind = manifestKindOf(mediaType);
  if (mediaType === "") return "it has the fields of no kind of manifest";
  if (kind === null) return `its media type, "${mediaType.slice(0, 100)}", is that of no manifest`;
  if (manifestKindOf(outside) !== null && manifestKindOf(outside) !== kind) {
    return `it came as ${outside}, and says that it is ${mediaType}`;
  }
  if (looks.some((look) => look !== kind)) return `it is no ${mediaType}: it has the fields of another kind`;
  return { kind, mediaType };
}

function kindsByFields({
  schemaVersion,
  manifests,
  config,
  layers,
  fsLayers,
}: JsonObject): readonly ManifestKind[] {
  const there = (value: unknown): boolean => value !== undefined && value !== null;
  const found: ManifestKind[] = [];
  if (there(manifests)) found.push("index");
  if (there(config) || there(layers)) found.push("image");
  if (there(fsLayers) || schemaVersion === 1) found.push("schema1");
  return found;
}

/** The OCI lets its types be left out inside, and schema 1 never had one. Empty for no kind. */
function usualType(kind: ManifestKind | undefined): string {
  if (kind === "index") return mediaTypes.ociIndex;
  if (kind === "image") return mediaTypes.ociManifest;
  return kind === "schema1" ? mediaTypes.dockerSchema1Signed : "";
}

const readers: Readonly<Record<ManifestKind, (object: JsonObject, mediaType: string) => Manifest | string>> =
  {
    image: readImage,
    index: readIndex,
    schema1: readSchema1,
  };

function readImage(object: JsonObject, mediaType: string): ImageManifest | string {
  const common = readCommon(object, mediaType);
  if (typeof common === "string") return common;
  const config = readDescriptor(object.config);
  if (typeof config === "string") return `its config ${config}`;
  // Docker with containerd's store writes null for an image without layers (FROM scratch), and registries take it.
  const layers = readDescriptors(object.layers === null ? [] : object.layers, "layer");
  return typeof layers === "string" ? layers : { kind: "image", ...common, config, layers };
}

function readIndex(object: JsonObject, mediaType: string): ImageIndex | string {
  const common = readCommon(object, mediaType);
  if (typeof common === "string") return common;
  // Some builders write null for an index without entries.
  const manifests = readDescriptors(object.manifests ?? [], "entry");
  return typeof manifests === "string" ? manifests : { kind: "index", ...common, manifests };
}

function readCommon(object: JsonObject, mediaType: string): Common | string {
  const subject = object.subject == null ? undefined : readDescriptor(object.subject);
  if (typeof subject === "string") return `its subject ${subject}`;
  const artifactType = textOf(object.artifactType);
  const annotations = textRecordOf(object.annotations);
  return { mediaType, ...defined({ subject, artifactType, annotations }) };
}

function readDescriptors(value: unknown, name: string): readonly Descriptor[] | string {
  const list = listOf(value);
  if (list === undefined) return `it has no list of ${name === "entry" ? "entries" : "layers"}`;
  const read: Descriptor[] = [];
  for (const [index, item] of list.entries()) {
    const descriptor = readDescriptor(item);
    if (typeof descriptor === "string") return `its ${name} ${index + 1} ${descriptor}`;
    read.push(descriptor);
  }
  return read;
}

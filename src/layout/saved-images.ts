/**
 * What `docker save` writes, by its `manifest.json`: one entry per image, naming the files of its config and layers.
 * Docker before 25 (and Kaniko, Bazel, Podman) keep no manifests in it, so they are made here of config and layers as
 * they are: OCI manifests, to the byte those that Docker 25 writes for the same image, so that digests are the same
 * from run to run and from tool to tool.
 */

import { parseImageConfig } from "../registry/config.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { computeDigest, type Digest, openHash } from "../registry/digest.ts";
import { listOf, objectOf, parseJson, textOf, textsOf } from "../registry/json.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { packingOf } from "./archive-file.ts";
import { readArchiveName } from "./archive-name.ts";
import { broken, shown } from "./failures.ts";
import type { ImageEntry } from "./image-files.ts";
import type { ReaderContent } from "./image-reader.ts";
import { type LayoutFiles, readWhole } from "./layout-files.ts";

export const savedListFile = "manifest.json";

const mostListBytes = 8 * 1024 * 1024;
const mostConfigBytes = 8 * 1024 * 1024;
/** Each costs the reading of a config, and nobody saves so many at once. */
const mostImages = 1000;

export interface SavedImage {
  readonly config: string;
  /** REPOSITORY:TAG, as Docker shows them. */
  readonly names: readonly string[];
  /** The base first. */
  readonly layers: readonly string[];
}

/** Null when there is no `manifest.json`. Throws CONTENT_BROKEN. */
export async function readSavedList(files: LayoutFiles): Promise<readonly SavedImage[] | null> {
  const bytes = await readWhole(files, savedListFile, mostListBytes);
  if (bytes === null) return null;
  const what = `${savedListFile} in ${files.name}`;
  const list = listOf(parseJson(bytes));
  if (list === undefined) throw broken(what, "it is no list of images");
  if (list.length > mostImages) throw broken(what, `it lists more than ${mostImages} images`);
  return list.map((item, index) => {
    const saved = readSaved(item);
    if (saved === null) throw broken(what, `its image ${index + 1} names no config, or no list of layers`);
    return saved;
  });
}

function readSaved(item: unknown): SavedImage | null {
  const object = objectOf(item);
  const config = textOf(object?.Config);
  // An image without layers (FROM scratch) has null.
  const layers = listOf(object?.Layers ?? []);
  if (config === undefined || layers === undefined || !layers.every((layer) => typeof layer === "string"))
    return null;
  const names = textsOf(object?.RepoTags)
    .map(readArchiveName)
    .filter((name) => name !== null);
  return { config, names: [...new Set(names)], layers };
}

/** Throws CONTENT_BROKEN, also when a file is missing or is not what its name or the config says. */
export async function makeManifests(files: LayoutFiles, list: readonly SavedImage[]): Promise<ReaderContent> {
  const paths = new Map<Digest, string>();
  const made = new Map<Digest, Buffer>();
  const entries: ImageEntry[] = [];
  const layerAt = createLayerReader(files);
  for (const saved of list) {
    const { config, diffIds } = await readConfig(files, saved);
    const layers: Descriptor[] = [];
    for (const [index, path] of saved.layers.entries()) {
      const layer = await layerAt(path, diffIds[index] ?? config.digest);
      layers.push(layer);
      paths.set(layer.digest, path);
    }
    paths.set(config.digest, saved.config);
    const bytes = renderManifest(config, layers);
    const descriptor = {
      mediaType: mediaTypes.ociManifest,
      digest: computeDigest(bytes),
      size: bytes.length,
    };
    made.set(descriptor.digest, bytes);
    entries.push(...entriesFor(descriptor, saved.names));
  }
  return { entries, paths, made };
}

/** Its names are equals: each is an entry of its own. */
export function entriesFor(descriptor: Descriptor, names: readonly string[]): readonly ImageEntry[] {
  return names.length === 0 ? [{ descriptor, names }] : names.map((name) => ({ descriptor, names: [name] }));
}

/** With the spelling of Go's encoder, which writes `<`, `>` and `&` as escapes; none of them occurs here. */
function renderManifest(config: Descriptor, layers: readonly Descriptor[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }));
}

interface SavedConfig {
  readonly config: Descriptor;
  readonly diffIds: readonly Digest[];
}

async function readConfig(files: LayoutFiles, { config, layers }: SavedImage): Promise<SavedConfig> {
  const what = `config ${shown(config)} in ${files.name}`;
  const bytes = await readWhole(files, config, mostConfigBytes);
  if (bytes === null) throw broken(what, `${savedListFile} names it, and it is not there`);
  const digest = computeDigest(bytes);
  // The name is the image's ID: an old archive says nowhere else what its config should be.
  const named = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(config)?.[1];
  if (named !== undefined && digest !== `sha256:${named}`) throw broken(what, `its content is ${digest}`);
  const { diffIds } = parseImageConfig(bytes, what);
  if (diffIds.length !== layers.length) {
    throw broken(what, `it speaks of ${diffIds.length} layers, and ${savedListFile} of ${layers.length}`);
  }
  return { config: { mediaType: mediaTypes.ociConfig, digest, size: bytes.length }, diffIds };
}

const packedTypes: Readonly<Record<string, string>> = {
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

/**
 * The digest of a plain layer is the one in the config: whoever reads the layer verifies it. A packed layer (Kaniko,
 * crane) has another, which nothing in the archive vouches for: it is computed, once for each file.
 */
function createLayerReader(files: LayoutFiles): (path: string, diffId: Digest) => Promise<Descriptor> {
  const packed = new Map<string, Digest>();
  return async (path, diffId) => {
    const what = `layer ${shown(path)} in ${files.name}`;
    const size = await files.size(path);
    const start = await files.read(path, 6);
    if (size === null || start === null) throw broken(what, `${savedListFile} names it, and it is not there`);
    const packing = packingOf(start);
    if (packing === null) return { mediaType: mediaTypes.ociLayer, digest: diffId, size };
    const mediaType = packedTypes[packing];
    if (mediaType === undefined)
      throw broken(what, `it is packed with ${packing}, which registries do not take`);
    const digest = packed.get(path) ?? (await hashFile(files, path));
    packed.set(path, digest);
    return { mediaType, digest, size };
  };
}

async function hashFile(files: LayoutFiles, path: string): Promise<Digest> {
  const hash = openHash("sha256");
  const stream = await files.open(path, 0);
  for await (const chunk of stream ?? []) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

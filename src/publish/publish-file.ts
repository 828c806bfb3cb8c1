/** Publishing an image that lies in a file. */
import { openImageReader } from "../layout/open.ts";
import type { Digest } from "../registry/digest.ts";
import { createBlobMover } from "../transfer/blob-mover.ts";
import { copyImage } from "../transfer/copy-image.ts";
import { type FileEndpoint, renderFileEndpoint } from "../transfer/endpoint.ts";
import { pairOf } from "../transfer/ends.ts";
import { createFileSource } from "../transfer/file-source.ts";
import type { ImageSource } from "../transfer/image-source.ts";
import { createMeter } from "../transfer/meter.ts";
import { judgeManifest, type Readable } from "../transfer/tree.ts";
import { isUnpacked, openArchiveImage } from "./archive-image.ts";
import { type Destination, renderName } from "./destination.ts";
import type { LayerCache } from "./layer-cache.ts";
import { publishUnpacked } from "./publish-unpacked.ts";
import type { Published } from "./published.ts";
import { type NameState, putNames, readNames, refuseTaken } from "./put-names.ts";
import { refuseShape, type Shape } from "./shape.ts";
import { readStandings } from "./standing.ts";
import type { PublishWorld } from "./world.ts";

export interface OpenedFile {
  readonly source: ImageSource;
  readonly reader: Awaited<ReturnType<typeof openImageReader>>;
  readonly root: Readable;
  /** What the file calls it. */
  readonly own: readonly string[];
}

/** The caller closes `source`. Throws NOT_FOUND, FILE_FAILED, CONTENT_BROKEN, USAGE. */
export async function openFile(end: FileEndpoint): Promise<OpenedFile> {
  const reader = await openImageReader(end.kind, end.path);
  const source = createFileSource(reader, end.path);
  try {
    const found = await source.readRoot(pairOf(end).key);
    const root = judgeManifest(found, renderFileEndpoint(end));
    // Names in a layout are tags; those in an archive of docker are whole.
    const own = end.kind === "docker-archive" && found.name !== undefined ? [found.name] : [];
    return { source, reader, root, own };
  } catch (error) {
    await source.close();
    throw error;
  }
}

export interface FilePublishing {
  readonly end: FileEndpoint;
  readonly file: OpenedFile;
  readonly destination: Destination;
  readonly states: readonly NameState[];
  readonly shape: Shape;
  readonly cache: LayerCache;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

export async function publishFile(publishing: FilePublishing, world: PublishWorld): Promise<Published> {
  const { end, file, shape } = publishing;
  const { manifest } = file.root;
  if (end.kind === "docker-archive" && manifest.kind === "image" && isUnpacked(manifest)) {
    const image = await openArchiveImage(file.reader, manifest);
    const standings = await readStandings({
      ...publishing.destination,
      tags: publishing.states.map(({ name }) => name.tag),
      image,
      algorithm: shape.compression.algorithm,
      cache: publishing.cache,
    });
    return await publishUnpacked({ ...publishing, image, standings }, world);
  }
  refuseShape(shape, renderFileEndpoint(end));
  return await publishAsItIs(publishing, world);
}

/** Byte for byte, an index with all its platforms. */
async function publishAsItIs(publishing: FilePublishing, world: PublishWorld): Promise<Published> {
  const { end, file, destination, states, overwrite, dryRun } = publishing;
  const { source, root } = file;
  const { digest } = root.descriptor;
  if (!overwrite) refuseTaken(states, digest);
  const { signal, names } = destination;
  const [first] = names;
  const target = destination.target(destination.repository, null);
  const now = (): number => world.clock.now().getTime();
  const sleep = (ms: number, over?: AbortSignal) =>
    world.clock.sleep(ms, over === undefined ? signal : AbortSignal.any([signal, over]));
  const meter = createMeter({
    emit: world.emit,
    host: first.registry,
    what: `publish ${renderName(first)}`,
    now,
  });
  const mover = createBlobMover({ source, target, mounts: false, meter, sleep, now, signal });
  try {
    const to = { kind: "registry", reference: first } as const;
    const shared = { source, target, from: end, to, mover, put: new Map(), now };
    const copy = { ...shared, platform: null, referrers: false, dryRun };
    const item = await copyImage(pairOf(end), null, copy);
    meter.tell();
    if (!dryRun)
      await putNames(root, overwrite ? states.slice(1) : await readNames(destination), destination, world);
    return {
      root: digest,
      imageId: imageIdOf(root, digest),
      bytesSent: item.bytesMoved,
      bytesReused: item.bytesReused,
      layers: layersOf(item.blobs, root),
    };
  } finally {
    await mover.settled();
  }
}

/** Without the configurations, of which each image has one: a new layer makes a new one. */
function layersOf(
  { moved, reused, mounted }: { readonly moved: number; readonly reused: number; readonly mounted: number },
  { manifest }: Readable,
): Published["layers"] {
  const configurations = manifest.kind === "index" ? manifest.manifests.length : 1;
  const sent = Math.max(0, moved - configurations);
  return { sent, reused: Math.max(0, reused - (configurations - (moved - sent))), mounted };
}

function imageIdOf({ manifest }: Readable, digest: Digest): string {
  return manifest.kind === "image" ? manifest.config.digest : digest;
}

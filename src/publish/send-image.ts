/** What the registry lacks of an image whose layers are unpacked: linked, or read, packed and sent. */

import type { Digest } from "../registry/digest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import type { Compression, Packers } from "../transfer/compression/compression.ts";
import type { Meter } from "../transfer/meter.ts";
import type { Destination } from "./destination.ts";
import { createEstimate } from "./estimate.ts";
import type { LayerCache } from "./layer-cache.ts";
import { mountBlob } from "./mount-blob.ts";
import type { PackedLayer } from "./packed-layer.ts";
import { putBlob } from "./put-blob.ts";
import { missingLayer, type SaveReading } from "./saved-image.ts";
import { createLayerSender } from "./send-layers.ts";
import type { Standing, Standings } from "./standing.ts";
import type { PublishWorld } from "./world.ts";

/** An image as it lies somewhere: in an engine, in an archive. */
export interface UnpackedImage {
  /** The digest of its configuration. */
  readonly id: Digest;
  /** The base first. */
  readonly diffIds: readonly Digest[];
  /** Bytes of all layers; 0 where nobody knows. */
  readonly size: number;
  /** For errors. */
  readonly what: string;
  /** Offers what it holds, each part once, until nothing is wanted any more. */
  read(reading: Omit<SaveReading, "tar" | "what" | "image">): Promise<void>;
}

export interface SendingImage {
  readonly image: UnpackedImage;
  readonly standings: Standings;
  readonly compression: Compression;
  readonly destination: Destination;
  readonly cache: LayerCache;
  readonly meter: Meter;
}

export interface SentImage {
  /** By the digests of unpacked layers, and of the configuration. */
  readonly parts: ReadonlyMap<Digest, PackedLayer>;
  readonly sent: ReadonlyMap<Digest, number>;
  readonly mounted: ReadonlySet<Digest>;
}

/** So often everything is read from its beginning, for registries that lose what they have got. */
const mostReadings = 5;

export async function sendImage(sending: SendingImage, world: PublishWorld): Promise<SentImage> {
  const { image, standings, destination, cache } = sending;
  const parts = new Map<Digest, PackedLayer>();
  const sent = new Map<Digest, number>();
  const mounted = new Set<Digest>();
  const settle = async ([part, standing]: readonly [Digest, Standing]): Promise<void> => {
    if (standing.how === "send") return;
    if (standing.how === "mount" && !(await mountBlob(standing.layer.digest, standing.from, destination)))
      return;
    if (standing.how === "mount") mounted.add(part);
    parts.set(part, standing.layer);
    cache.learn(part, standing.layer, destination.repository);
  };
  await Promise.all([...standings].map(settle));
  const keep = (part: Digest, layer: PackedLayer, bytes: number): void => {
    parts.set(part, layer);
    sent.set(part, bytes);
    cache.learn(part, layer, destination.repository);
  };
  const wanted = [...new Set([...image.diffIds, image.id])];
  const estimate = createEstimate(unpackedBytes(sending, parts), sending.meter);
  const packers = { threads: world.cores, deflate: await world.deflate() };
  for (let readings = 1; wanted.some((part) => !parts.has(part)); readings += 1) {
    await readOnce({ ...sending, parts, keep, estimate, packers, last: readings >= mostReadings }, world);
  }
  estimate.end();
  return { parts, sent, mounted };
}

/** Of the layers that have to be read. */
function unpackedBytes({ image }: SendingImage, parts: ReadonlyMap<Digest, PackedLayer>): number {
  if (image.diffIds.every((diffId) => parts.has(diffId))) return 0;
  const known = image.diffIds.reduce((sum, diffId) => sum + (parts.get(diffId)?.unpacked ?? 0), 0);
  return Math.max(0, image.size - known);
}

interface Reading extends SendingImage {
  readonly parts: ReadonlyMap<Digest, PackedLayer>;
  readonly keep: (part: Digest, layer: PackedLayer, bytes: number) => void;
  readonly estimate: ReturnType<typeof createEstimate>;
  readonly packers: Packers;
  /** What is missing afterwards stays missing. */
  readonly last: boolean;
}

/** Throws CONTENT_BROKEN when something is missing that was not lost by the registry. */
async function readOnce(reading: Reading, world: PublishWorld): Promise<void> {
  const { image, parts, keep, destination, cache, meter } = reading;
  const { upload, notes } = destination;
  const taken = new Set<Digest>(parts.keys());
  const again: unknown[] = [];
  let config: Buffer | null = null;
  const sender = createLayerSender({
    ...reading,
    upload,
    notes,
    versions: world.libraries,
    onBytes: meter.passed,
    what: image.what,
    onSent: ({ diffId, layer, bytes }) => {
      keep(diffId, layer, bytes);
      taken.add(diffId);
      // A run that is killed later leaves its successor something.
      cache.save().catch(() => {});
    },
    onAgain: (_, why) => again.push(why),
  });
  try {
    await image.read({
      wants: (diffId) => !taken.has(diffId),
      takeLayer: async (layer) => {
        if (layer.diffId !== null) taken.add(layer.diffId);
        await sender.take(layer);
      },
      takeConfig: (bytes) => {
        config = bytes;
      },
      done: () =>
        image.diffIds.every((diffId) => taken.has(diffId)) && (config !== null || parts.has(image.id)),
    });
  } finally {
    // What was read goes on its way, whatever stopped the reading.
    await sender.settled();
  }
  if (config !== null && !parts.has(image.id)) keep(...(await putConfig(config, reading, world)));
  const missing = [...image.diffIds, image.id].find((part) => !parts.has(part));
  if (missing === undefined) return;
  if (again.length === 0) throw missingLayer(image.what, missing);
  if (reading.last) throw again[0] ?? missingLayer(image.what, missing);
}

async function putConfig(
  bytes: Buffer,
  { image, destination, meter }: Reading,
  world: PublishWorld,
): Promise<[Digest, PackedLayer, number]> {
  const digest = image.id;
  const size = bytes.length;
  meter.expect(size);
  const descriptor = { mediaType: mediaTypes.dockerConfig, digest, size };
  const travelled = await putBlob(descriptor, bytes, { destination, onBytes: meter.passed }, world);
  return [digest, { digest, size, algorithm: "none", unpacked: size }, travelled];
}

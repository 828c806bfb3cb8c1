/** Publishing an image whose layers are unpacked, without the engine's help but its bytes. */

import { interruptible } from "../interruptible.ts";
import type { Digest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import type { TreeManifest } from "../transfer/image-target.ts";
import { createMeter } from "../transfer/meter.ts";
import { judgeManifest } from "../transfer/tree.ts";
import { type Destination, renderName } from "./destination.ts";
import type { LayerCache } from "./layer-cache.ts";
import type { PackedLayer } from "./packed-layer.ts";
import type { Published } from "./published.ts";
import { type NameState, putNames, readNames, refuseTaken } from "./put-names.ts";
import { canHold, renderManifest } from "./render-manifest.ts";
import { type SentImage, sendImage, type UnpackedImage } from "./send-image.ts";
import type { Shape } from "./shape.ts";
import type { Standings } from "./standing.ts";
import type { PublishWorld } from "./world.ts";

export interface Unpacked {
  readonly image: UnpackedImage;
  readonly standings: Standings;
  readonly states: readonly NameState[];
  readonly shape: Shape;
  readonly destination: Destination;
  readonly cache: LayerCache;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

export async function publishUnpacked(unpacked: Unpacked, world: PublishWorld): Promise<Published> {
  const { image, standings, states, destination, overwrite, dryRun, cache } = unpacked;
  const expected = await manifestOfStandings(unpacked);
  if (!overwrite) refuseTaken(states, expected?.descriptor.digest ?? null);
  if (dryRun) return planned(unpacked, expected);
  const meter = createMeter({
    emit: world.emit,
    host: destination.client.registry,
    what: `publish ${renderName(destination.names[0])}`,
    now: () => world.clock.now().getTime(),
  });
  const sent = await sendImage(
    { image, standings, compression: unpacked.shape.compression, destination, cache, meter },
    world,
  );
  meter.tell();
  await cache.save();
  const root = expected ?? manifestOf(image, sent.parts, unpacked.shape);
  // Somebody may have taken the tag meanwhile.
  const now = overwrite ? states : await readNames(destination);
  if (!overwrite) refuseTaken(now, root.descriptor.digest);
  await putNames(root, now, destination, world);
  return { root: root.descriptor.digest, imageId: image.id, ...amountsOf(image, sent) };
}

/** Known beforehand when the registry has every part. */
async function manifestOfStandings(unpacked: Unpacked): Promise<TreeManifest | null> {
  const { image, standings, shape } = unpacked;
  const parts = new Map<Digest, PackedLayer>();
  for (const [part, standing] of standings) if (standing.how === "there") parts.set(part, standing.layer);
  if (![...image.diffIds, image.id].every((part) => parts.has(part))) return null;
  return (await keptManifest(unpacked, parts)) ?? manifestOf(image, parts, shape);
}

/** The one that stands under a name already, where it is a manifest of this very image in other words. */
async function keptManifest(
  { states, image, shape, destination }: Unpacked,
  parts: ReadonlyMap<Digest, PackedLayer>,
): Promise<TreeManifest | null> {
  const [first] = states;
  if (shape.asked || first === undefined || first.before === null) return null;
  if (first.before === manifestOf(image, parts, shape).descriptor.digest) return null;
  const { client, repository, signal } = destination;
  const found = await interruptible(client.getManifest(repository, first.before), signal);
  const manifest = parseManifest(found.bytes, found.contentType, renderName(first.name));
  if (manifest.kind !== "image" || manifest.config.digest !== image.id) return null;
  const same = manifest.layers.every(({ digest }, index) => {
    const diffId = image.diffIds[index];
    return diffId !== undefined && parts.get(diffId)?.digest === digest;
  });
  return same && manifest.layers.length === image.diffIds.length
    ? judgeManifest(found, renderName(first.name))
    : null;
}

function manifestOf(
  { id, diffIds }: UnpackedImage,
  parts: ReadonlyMap<Digest, PackedLayer>,
  { format }: Shape,
): TreeManifest {
  const partOf = (digest: Digest): PackedLayer => {
    const part = parts.get(digest);
    if (part === undefined) throw new Error(`${digest} is not at the registry`);
    return part;
  };
  const layers = diffIds.map(partOf);
  // A part that was there before may be packed in a way that Docker's format has no word for.
  const fits = layers.every(({ algorithm }) => canHold(format, algorithm));
  return renderManifest(fits ? format : "oci", partOf(id), layers);
}

type Amounts = Pick<Published, "bytesSent" | "bytesReused" | "layers">;

function amountsOf({ id, diffIds }: UnpackedImage, { parts, sent, mounted }: SentImage): Amounts {
  const layers = [...new Set(diffIds)];
  const reused = [...new Set([...diffIds, id])].filter((part) => !sent.has(part));
  const count = (of: readonly Digest[], set: { has(part: Digest): boolean }) =>
    of.filter((part) => set.has(part)).length;
  return {
    bytesSent: [...sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    bytesReused: reused.reduce((sum, part) => sum + (parts.get(part)?.size ?? 0), 0),
    layers: {
      sent: count(layers, sent),
      mounted: count(layers, mounted),
      reused: layers.length - count(layers, sent) - count(layers, mounted),
    },
  };
}

/** Of layers that are not packed yet at most their size travels. */
function planned({ image, standings }: Unpacked, expected: TreeManifest | null): Published {
  const layers = [...new Set(image.diffIds)].map((diffId) => standings.get(diffId));
  const known = [...standings.values()].flatMap((each) => (each.how === "send" ? [] : [each.layer]));
  const count = (how: string) => layers.filter((standing) => standing?.how === how).length;
  const unpackedKnown = known.reduce((sum, { unpacked }) => sum + (unpacked ?? 0), 0);
  return {
    root: expected?.descriptor.digest ?? null,
    imageId: image.id,
    bytesSent: count("send") === 0 ? 0 : Math.max(0, image.size - unpackedKnown),
    bytesReused: known.reduce((sum, { size }) => sum + size, 0),
    layers: { sent: count("send"), reused: count("there"), mounted: count("mount") },
  };
}

/** One image, fetched and loaded at the same time. */
import type { AccessWorld } from "../access/world.ts";
import type { ImageEngine } from "../engine/client.ts";
import { readEvents } from "../engine/read-events.ts";
import { isRegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { type Reference, renderReference } from "../registry/reference.ts";
import { createMeter } from "../transfer/meter.ts";
import type { EngineFacts } from "./engine-facts.ts";
import { createLayerFetches, type LayerFetches } from "./fetch-layers.ts";
import type { FoundImage } from "./find-image.ts";
import { layersToFetch } from "./known-layers.ts";
import { layoutParts, savedParts, streamTar, type TarLayer } from "./load-tar.ts";
import { openSpool, type SpoolEnding, type SpooledLayer } from "./spool.ts";
import { readUnpackedSize, UnfitLayer, unpack } from "./unpacked.ts";

export interface Loading {
  readonly client: RegistryClient;
  readonly engine: ImageEngine;
  readonly facts: EngineFacts;
  /** The engine runs on this machine: unpacked bytes cost no network. */
  readonly engineHere: boolean;
  readonly names: readonly string[];
  /** Where layers are kept meanwhile; null for a place that goes with this run. */
  readonly spoolFolder: string | null;
  readonly world: Pick<AccessWorld, "clock" | "emit" | "signal">;
}

export interface Loaded {
  /** Bytes. */
  readonly received: number;
  /** Layers that were sent. */
  readonly sent: number;
}

/** The first `known` layers are counted on: the engine has them. Throws what the registry and the engine refuse with. */
export async function loadImage(
  reference: Reference,
  image: FoundImage,
  known: number,
  loading: Loading,
): Promise<Loaded> {
  const { client, world, spoolFolder } = loading;
  const spool = await openSpool(spoolFolder);
  const ending = new AbortController();
  const signal = AbortSignal.any([world.signal, ending.signal]);
  const now = () => world.clock.now().getTime();
  const what = `pull ${renderReference(reference)}`;
  const meter = createMeter({ emit: world.emit, host: client.registry, what, now });
  const { repository } = reference;
  const fetches = createLayerFetches({ client, repository, spool, meter, clock: world.clock, signal });
  let end: SpoolEnding = "broken";
  try {
    const sent = await sendUntilTaken(
      image,
      { known, unpacks: true },
      { ...loading, repository, fetches, signal },
    );
    await fetches.done();
    meter.tell();
    end = "loaded";
    return { received: fetches.received, sent };
  } catch (error) {
    ending.abort(error);
    // What kept a layer from coming is why the engine was left with half a tar.
    const failure = await fetches.settled();
    // What an earlier run left may be why: it is not trusted any more.
    if (isRegctlError(failure, "DIGEST_MISMATCH")) end = "spoilt";
    world.signal.throwIfAborted();
    throw isRegctlError(failure) ? failure : error;
  } finally {
    await fetches.settled();
    await spool.close(end);
  }
}

interface Sending extends Loading {
  readonly repository: string;
  readonly fetches: LayerFetches;
  readonly signal: AbortSignal;
}

interface Attempt {
  readonly known: number;
  readonly unpacks: boolean;
}

/** Both shortcuts can turn out to be none; nothing is fetched twice for that. Gives how many layers were sent. */
async function sendUntilTaken(image: FoundImage, attempt: Attempt, sending: Sending): Promise<number> {
  try {
    return await send(image, attempt, sending);
  } catch (error) {
    if (attempt.unpacks && error instanceof UnfitLayer) {
      return await sendUntilTaken(image, { ...attempt, unpacks: false }, sending);
    }
    // An image of the engine may go while its layers are counted on.
    if (attempt.known > 0 && isMissingLayer(error)) {
      return await sendUntilTaken(image, { ...attempt, known: 0 }, sending);
    }
    throw error;
  }
}

function isMissingLayer(error: unknown): boolean {
  return isRegctlError(error, "ENGINE_ERROR") && /no such file or directory/i.test(error.facts.message);
}

export const loadRequest = "POST /images/load";

async function send(image: FoundImage, { known, unpacks }: Attempt, sending: Sending): Promise<number> {
  const { engine, facts, engineHere, names, fetches, signal, world } = sending;
  const wanted = layersToFetch(image.manifest.manifest.layers, known);
  // What takes longest goes first: while it is sent, the others are fetched beside it.
  const spooled = fetches.start([...wanted].sort((one, other) => other.size - one.size));
  const mayUnpack = unpacks && engineHere && facts.store === "graph";
  const sizes = mayUnpack ? await readSizes(wanted, sending) : new Map<Digest, number>();
  const layers = spooled.map((each) => toTarLayer(each, sizes.get(each.layer.digest)));
  const parts = (facts.store === "graph" ? savedParts : layoutParts)(image, names, layers);
  const tar = streamTar(parts, () => world.emit({ event: "step", host: engine.host, step: "unpack" }));
  let failure: Error | null = null;
  tar.once("error", (error) => {
    failure = error;
  });
  try {
    const reading = { engine, request: loadRequest, signal: world.signal };
    await readEvents(
      () => engine.images.load(tar, signal),
      () => {},
      reading,
    );
  } catch (error) {
    // The engine tells of a tar that was cut off, whatever the reason was here.
    throw failure ?? error;
  }
  return wanted.length;
}

async function readSizes(
  layers: readonly Descriptor[],
  { client, repository }: Sending,
): Promise<ReadonlyMap<Digest, number>> {
  const sizes = await Promise.all(layers.map((layer) => readUnpackedSize(layer, client, repository)));
  return new Map(
    layers.flatMap(({ digest }, index): [Digest, number][] => {
      const size = sizes[index] ?? null;
      return size === null ? [] : [[digest, size]];
    }),
  );
}

function toTarLayer(spooled: SpooledLayer, unpackedSize: number | undefined): TarLayer {
  const { layer: descriptor } = spooled;
  if (unpackedSize === undefined) return { descriptor, size: descriptor.size, read: () => spooled.read() };
  return { descriptor, size: unpackedSize, read: () => unpack(spooled.read(), unpackedSize) };
}

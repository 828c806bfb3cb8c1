/** Publishing an image of an engine, by the way that suits. */

import { readEngineTrust } from "../access/engine-trust.ts";
import { isPodman, usesContainerdStore } from "../engine/engine-info.ts";
import type { EngineImageDetails } from "../engine/image-info.ts";
import { type ReachedEngine, reachEngine } from "../engine/reach-engine.ts";
import { hostOf } from "../registry/insecure-list.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import { type ChosenWay, chooseWay, needsTrust } from "./choose-way.ts";
import type { Destination } from "./destination.ts";
import { openEngineImage } from "./engine-image.ts";
import { findImage } from "./find-image.ts";
import type { LayerCache } from "./layer-cache.ts";
import type { Way } from "./outcome.ts";
import { publishByEngine } from "./publish-by-engine.ts";
import { publishStored } from "./publish-stored.ts";
import { publishUnpacked } from "./publish-unpacked.ts";
import type { Published } from "./published.ts";
import { type NameState, refuseTaken } from "./put-names.ts";
import type { UnpackedImage } from "./send-image.ts";
import { refuseShape, type Shape } from "./shape.ts";
import { readStandings, type Standings } from "./standing.ts";
import type { PublishWorld } from "./world.ts";

export interface FoundImage {
  readonly reached: ReachedEngine;
  readonly details: EngineImageDetails;
  /** Containerd keeps it as it travels. */
  readonly packed: boolean;
}

/** The caller closes the engine. */
export async function openFromEngine(
  name: string,
  context: string | undefined,
  world: PublishWorld,
): Promise<FoundImage> {
  const reached = await reachEngine(world, context);
  try {
    const { engine } = reached;
    const [details, info] = await Promise.all([findImage(engine, name), engine.info()]);
    return { reached, details, packed: details.descriptor !== null && usesContainerdStore(info) };
  } catch (error) {
    await reached.close();
    throw error;
  }
}

export interface EnginePublishing extends FoundImage {
  readonly destination: Destination;
  readonly states: readonly NameState[];
  readonly shape: Shape;
  readonly cache: LayerCache;
  readonly via?: Way | undefined;
  readonly tag: boolean;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

export async function publishFromEngine(
  publishing: EnginePublishing,
  world: PublishWorld,
): Promise<ChosenWay & { readonly published: Published }> {
  const { packed, destination, shape, reached, details, states } = publishing;
  if (packed) {
    refuseShape(shape, `the engine on ${reached.engine.host}`);
    const chosen = await choose(publishing, details.size > 0 ? null : 0);
    return {
      ...chosen,
      published: await run(chosen, publishing, null, world, () => publishStored(publishing, world)),
    };
  }
  if (publishing.via === "engine" && !publishing.dryRun && !isPodman(await reached.engine.version())) {
    // It asks the registry for each layer itself, and tells what became of it.
    const chosen = await choose(publishing, null);
    return { ...chosen, published: await pushIt(chosen, publishing, null, world) };
  }
  const image = openEngineImage(reached.engine, details, world, destination.signal);
  const standings = await readStandings({
    ...destination,
    tags: states.map(({ name }) => name.tag),
    image,
    algorithm: shape.compression.algorithm,
    cache: publishing.cache,
  });
  const missing = await missingBytes(image, standings, publishing);
  const chosen = await choose(publishing, missing);
  const direct = () => publishUnpacked({ ...publishing, image, standings }, world);
  return { ...chosen, published: await run(chosen, publishing, standings, world, direct) };
}

async function run(
  chosen: ChosenWay,
  publishing: EnginePublishing,
  standings: Standings | null,
  world: PublishWorld,
  direct: () => Promise<Published>,
): Promise<Published> {
  // What would be sent is the same either way, but for how it is packed.
  if (chosen.way === "engine" && !publishing.dryRun) {
    return await pushIt(chosen, publishing, standings, world);
  }
  tellWay(chosen, world);
  return await direct();
}

function tellWay({ way, why }: ChosenWay, { emit }: PublishWorld): void {
  emit({ event: "note", note: `by the ${way === "engine" ? "engine" : "direct way"}: ${why}` });
}

async function pushIt(
  chosen: ChosenWay,
  publishing: EnginePublishing,
  standings: Standings | null,
  world: PublishWorld,
): Promise<Published> {
  const { reached, destination, states, tag, overwrite } = publishing;
  tellWay(chosen, world);
  if (!overwrite) refuseTaken(states, null);
  const push = { ...publishing, engine: reached.engine, standings, keepTags: tag, destination };
  return await publishByEngine(push, world);
}

/** Unpacked, of layers that have to be sent; null where nobody knows. */
async function missingBytes(
  { diffIds, id, size }: UnpackedImage,
  standings: Standings,
  { reached, details }: EnginePublishing,
): Promise<number | null> {
  const missing = diffIds.filter((diffId) => standings.get(diffId)?.how === "send");
  const hasConfig = standings.get(id)?.how === "there";
  if (missing.length === 0) return hasConfig ? 0 : 1;
  if (missing.length === diffIds.length) return size;
  const steps = await reached.engine.images.stepSizes(details.id);
  const layers = steps.filter((bytes) => bytes > 0).reverse();
  // Steps without content may have layers as well: then nobody can tell which is which.
  if (layers.length !== diffIds.length) return null;
  return diffIds.reduce(
    (sum, diffId, index) => sum + (missing.includes(diffId) ? (layers[index] ?? 0) : 0),
    0,
  );
}

async function choose(
  { via, shape, packed, reached, destination, details }: EnginePublishing,
  missing: number | null,
): Promise<ChosenWay> {
  const { registry } = destination.client;
  const facts = {
    asked: via ?? null,
    shaped: shape.asked,
    registry,
    elsewhere: !reached.local && isLoopbackHost(hostOf(registry)),
    packed,
    layerless: !packed && details.diffIds.length === 0,
    remote: !reached.local,
    size: details.size,
    missing,
  };
  if (!needsTrust(facts)) return chooseWay({ ...facts, trusted: null, refusal: "" });
  const { verdict, message } = await readEngineTrust(reached.engine, registry);
  return chooseWay({
    ...facts,
    trusted: verdict === "trusted",
    refusal: verdict === "trusted" ? "" : message,
  });
}

/** From the registry into the engine without its help: as a tar that it loads. */
import pLimit from "p-limit";
import type { ImageEngine } from "../engine/client.ts";
import type { EngineImageDetails } from "../engine/image-info.ts";
import { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { platformOf, renderPlatform } from "../registry/platform.ts";
import { type Reference, renderReference } from "../registry/reference.ts";
import type { EngineFacts } from "./engine-facts.ts";
import {
  type FoundManifest,
  findManifest,
  readImage,
  type WantedPlatform,
  zstdLayerOf,
} from "./find-image.ts";
import { giveNames } from "./give-names.ts";
import { type Chain, countKnown } from "./known-layers.ts";
import { type Loading, loadImage, loadRequest } from "./load-image.ts";
import type { PullItem } from "./outcome.ts";

export interface DirectPull extends Loading {
  readonly wanted: WantedPlatform;
}

export type Pulled = Pick<
  PullItem,
  | "digest"
  | "imageId"
  | "platform"
  | "names"
  | "bytesReceived"
  | "bytesReused"
  | "layers"
  | "changed"
  | "digestKnown"
>;

/** Throws what the registry and the engine refuse with, and ENGINE_TOO_OLD. */
export async function pullDirectly(reference: Reference, pull: DirectPull): Promise<Pulled> {
  const { client, engine, facts, wanted, names } = pull;
  const found = await findManifest(client, reference, wanted);
  const there = await findThere(found, engine, facts);
  const all = sumOf(found.manifest.layers);
  const total = found.manifest.layers.length;
  const base = { digest: found.root, names };
  if (there !== null && isPlatform(there, wanted)) {
    const named = await giveNames(there, names, engine);
    const digestKnown = isKnownBy(there, found);
    const nothing = { bytesReceived: 0, bytesReused: all, layers: { received: 0, reused: total } };
    return {
      ...base,
      ...nothing,
      imageId: there.id,
      platform: platformNameOf(there),
      changed: named,
      digestKnown,
    };
  }
  const image = await readImage(client, reference, found, wanted);
  refuseUnreadable(reference, found, pull);
  const known = facts.store === "graph" ? countKnown(image.diffIds, await readChains(engine)) : 0;
  const loaded = await loadImage(reference, image, known, pull);
  const details = await requireLoaded(found, engine, facts);
  await giveNames(details, names, engine);
  const { received, sent } = loaded;
  return {
    ...base,
    imageId: details.id,
    platform: image.platform === null ? null : renderPlatform(image.platform),
    bytesReceived: received,
    bytesReused: Math.max(0, all - received),
    layers: { received: sent, reused: total - sent },
    changed: true,
    digestKnown: isKnownBy(details, found),
  };
}

function sumOf(layers: readonly Descriptor[]): number {
  return [...new Map(layers.map(({ digest, size }) => [digest, size])).values()].reduce(
    (sum, size) => sum + size,
    0,
  );
}

function idsOf({ root, descriptor, manifest }: FoundManifest, { store }: EngineFacts): readonly string[] {
  return store === "store" ? [...new Set([root, descriptor.digest])] : [manifest.config.digest];
}

async function findThere(
  found: FoundManifest,
  engine: ImageEngine,
  facts: EngineFacts,
): Promise<EngineImageDetails | null> {
  for (const id of idsOf(found, facts)) {
    const details = await engine.images.inspect(id);
    if (details !== null) return details;
  }
  return null;
}

async function requireLoaded(
  found: FoundManifest,
  engine: ImageEngine,
  facts: EngineFacts,
): Promise<EngineImageDetails> {
  const details = await findThere(found, engine, facts);
  if (details !== null) return details;
  const message = `it reports no failure, and does not have ${idsOf(found, facts).join(" or ")} all the same`;
  throw new RegctlError("ENGINE_ERROR", { host: engine.host, request: loadRequest, status: 200, message });
}

/**
 * Only an engine that keeps manifests, or that pulled or pushed it itself, finds it as NAME@DIGEST. Of an index, loading
 * brings the one image, and so not the index's digest.
 */
function isKnownBy({ digests }: EngineImageDetails, { root }: FoundManifest): boolean {
  return digests.some((each) => each.slice(each.indexOf("@") + 1) === root);
}

function platformNameOf({ os, architecture, variant }: EngineImageDetails): string | null {
  const platform = platformOf({ os, architecture, ...(variant === "" ? {} : { variant }) });
  return platform === null || os === "" ? null : renderPlatform(platform);
}

function isPlatform(details: EngineImageDetails, { asked, platform }: WantedPlatform): boolean {
  return !asked || platformNameOf(details) === renderPlatform(platform);
}

function refuseUnreadable(
  reference: Reference,
  { manifest }: FoundManifest,
  { facts, engine }: DirectPull,
): void {
  if (facts.readsZstd || zstdLayerOf(manifest) === null) return;
  throw new RegctlError("ENGINE_TOO_OLD", {
    host: engine.host,
    version: facts.version,
    what: renderReference(reference),
    needs: "it has layers packed with zstd, which engines read since 23.0",
  });
}

const inspectsAtOnce = 8;

/** What stands over what in the engine's images. One that goes meanwhile has no chain. */
async function readChains(engine: ImageEngine): Promise<readonly Chain[]> {
  const limit = pLimit(inspectsAtOnce);
  const ids = new Set((await engine.images.list()).map(({ id }) => id));
  const details = await Promise.all([...ids].map((id) => limit(() => engine.images.inspect(id))));
  return details.flatMap((each) => (each === null ? [] : [each.diffIds]));
}

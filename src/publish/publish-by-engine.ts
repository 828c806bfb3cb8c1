/** The engine pushes by itself: its events as our progress, its refusals as our errors. */
import { readEngineLogin } from "../access/engine-login.ts";
import type { ImageEngine } from "../engine/client.ts";
import type { EngineEvent, EngineImageDetails } from "../engine/image-info.ts";
import { readEvents } from "../engine/read-events.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { type ImageManifest, parseManifest } from "../registry/manifest.ts";
import { layerCompressionOf } from "../registry/media-types.ts";
import { type Destination, renderName } from "./destination.ts";
import type { LayerCache } from "./layer-cache.ts";
import type { Name } from "./names.ts";
import type { Published } from "./published.ts";
import { createPushLog, type LayerFate, type PushLog } from "./push-events.ts";
import type { Standings } from "./standing.ts";
import type { PublishWorld } from "./world.ts";

export interface EnginePush {
  readonly engine: ImageEngine;
  readonly details: EngineImageDetails;
  readonly destination: Destination;
  readonly cache: LayerCache;
  /** What the registry had before; null where that was not asked. */
  readonly standings: Standings | null;
  /** Names that it gets only for the push are taken away again. */
  readonly keepTags: boolean;
}

const request = "POST /images/push";

/** Throws UNAUTHORIZED, ENGINE_ERROR, ENGINE_UNREACHABLE. */
export async function publishByEngine(push: EnginePush, world: PublishWorld): Promise<Published> {
  const { details, destination } = push;
  const { names } = destination;
  const log = createPushLog();
  for (const name of names) await pushName(name, log, push, world);
  const root = await readRoot(names[0], log, destination);
  return { root, imageId: details.id, ...(await readAmounts(root, log, push)) };
}

async function pushName(name: Name, log: PushLog, push: EnginePush, world: PublishWorld): Promise<void> {
  const { engine, details, keepTags, destination } = push;
  const repository = `${name.registry}/${name.repository}`;
  const before = keepTags ? null : await engine.images.inspect(renderName(name));
  const login = await readEngineLogin(name.registry, world);
  await engine.images.tag(details.id, repository, name.tag);
  try {
    const { signal } = destination;
    const open = () => engine.images.push(repository, name.tag, login, signal);
    await readEvents(open, (event) => noteEvent(event, name, log, world), { engine, request, signal });
  } catch (error) {
    throw toPushError(error, name, login === null ? null : "the logins of docker");
  } finally {
    if (!keepTags) await takeTagBack(name, before, push);
  }
}

/** As it was before: another image may have had the name. */
async function takeTagBack(
  name: Name,
  before: EngineImageDetails | null,
  { engine, details }: EnginePush,
): Promise<void> {
  if (before?.id === details.id) return;
  const repository = `${name.registry}/${name.repository}`;
  if (before === null) await engine.images.untag(renderName(name)).catch(() => false);
  else await engine.images.tag(before.id, repository, name.tag).catch(() => {});
}

function noteEvent(event: EngineEvent, name: Name, log: PushLog, { emit }: PublishWorld): void {
  log.note(event);
  const { done, total } = log.bytes();
  if (total > 0)
    emit({ event: "bytes", host: name.registry, what: `publish ${renderName(name)}`, done, total });
}

const refusals =
  /unauthorized|authentication required|no basic auth credentials|access to the resource is denied|\bdenied\b/i;

function toPushError(error: unknown, name: Name, login: string | null): unknown {
  if (!isRegctlError(error, "ENGINE_ERROR") || !refusals.test(error.facts.message)) return error;
  const { registry } = name;
  const facts = { registry, what: renderName(name), reason: error.facts.message, login };
  return new RegctlError("UNAUTHORIZED", facts, { cause: error });
}

/** The engine's word is not enough: a name may lead it to another registry than us. */
async function readRoot(name: Name, log: PushLog, { digestAt, client }: Destination): Promise<Digest> {
  const pushed = log.digest();
  const there = await digestAt(name);
  if (there !== null && (pushed === null || there === pushed)) return there;
  throw new RegctlError("REGISTRY_ERROR", {
    registry: client.registry,
    request: `the engine's push of ${renderName(name)}`,
    status: 200,
    message: `the engine says that it pushed ${pushed ?? "the image"}, and ${there ?? "nothing"} is there: the name may mean another registry where the engine runs; --via direct goes from here`,
  });
}

type Amounts = Pick<Published, "bytesSent" | "bytesReused" | "layers">;

const nothing: Amounts = { bytesSent: 0, bytesReused: 0, layers: { sent: 0, reused: 0, mounted: 0 } };

/** Sizes as they travelled stand in the manifest; the engine counts before it packs. */
async function readAmounts(root: Digest, log: PushLog, push: EnginePush): Promise<Amounts> {
  const { client, repository, signal } = push.destination;
  const found = await interruptible(client.getManifest(repository, root), signal);
  const manifest = parseManifest(found.bytes, found.contentType, `${client.registry}/${repository}@${root}`);
  if (manifest.kind !== "image") return nothing;
  const fates = manifest.layers.map(({ digest, size }, index) => {
    const diffId = parseDigest(push.details.diffIds[index]);
    const told = log.fateOf(digest) ?? (diffId === null ? null : log.fateOf(diffId));
    const seen = diffId === null ? null : fateBy(diffId, digest, push.standings);
    return { digest, size, fate: told ?? seen ?? "reused" };
  });
  await learn(manifest, push);
  const distinct = [...new Map(fates.map((each) => [each.digest, each])).values()];
  const count = (fate: LayerFate) => distinct.filter((each) => each.fate === fate).length;
  const bytes = (sent: boolean) =>
    distinct.reduce((sum, { size, fate }) => sum + ((fate === "sent") === sent ? size : 0), 0);
  return {
    bytesSent: bytes(true),
    bytesReused: bytes(false),
    layers: { sent: count("sent"), reused: count("reused"), mounted: count("mounted") },
  };
}

/** Podman tells nothing of single layers. What was not there in this very form was sent. */
function fateBy(diffId: Digest, digest: Digest, standings: Standings | null): LayerFate | null {
  const standing = standings?.get(diffId);
  if (standing === undefined) return null;
  return standing.how === "there" && standing.layer.digest === digest ? "reused" : "sent";
}

/** So that the next publish knows what became of the layers. */
async function learn(
  { layers, config }: ImageManifest,
  { details, cache, destination }: EnginePush,
): Promise<void> {
  if (layers.length !== details.diffIds.length || config.digest !== details.id) return;
  for (const [index, { digest, size, mediaType }] of layers.entries()) {
    const diffId = parseDigest(details.diffIds[index]);
    const algorithm = layerCompressionOf(mediaType);
    if (diffId === null || algorithm === null) continue;
    cache.learn(diffId, { digest, size, algorithm, unpacked: null }, destination.repository);
  }
  const { digest, size } = config;
  cache.learn(digest, { digest, size, algorithm: "none", unpacked: size }, destination.repository);
  await cache.save();
}

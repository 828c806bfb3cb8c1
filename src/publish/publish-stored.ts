/** Publishing an image of containerd's store without the engine's help but its bytes: byte for byte. */
import { RegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Digest } from "../registry/digest.ts";
import { isUnknownPlatform } from "../registry/platform.ts";
import { createMeter, type Meter } from "../transfer/meter.ts";
import type { SourcePassed } from "../transfer/stream-feed.ts";
import { judgeManifest, type Readable } from "../transfer/tree.ts";
import { type Destination, renderName } from "./destination.ts";
import { digestOf, readTar } from "./engine-image.ts";
import { isConfigType, learnBlobs, linkFromElsewhere } from "./known-blobs.ts";
import type { EnginePublishing } from "./publish-from-engine.ts";
import type { Published } from "./published.ts";
import { putBlob } from "./put-blob.ts";
import { putNames, readNames, refuseTaken } from "./put-names.ts";
import { readStoredBlobs, type StoredBlobs } from "./stored-blobs.ts";
import type { PublishWorld } from "./world.ts";

const mostReadings = 5;

export async function publishStored(publishing: EnginePublishing, world: PublishWorld): Promise<Published> {
  const { details, destination, states, overwrite, dryRun, reached, cache } = publishing;
  const what = `image ${details.id.slice(0, 19)} of the engine on ${reached.engine.host}`;
  const id = digestOf(details.descriptor?.digest ?? details.id, what);
  if (!overwrite) refuseTaken(states, id);
  const known = await readKnown(id, destination);
  const layers = { sent: 0, reused: details.diffIds.length, mounted: 0 };
  if (known !== null || dryRun) {
    if (known !== null && !dryRun) await putNames(known, states, destination, world);
    const missing =
      known === null
        ? { bytesSent: details.size, layers: { ...layers, sent: layers.reused, reused: 0 } }
        : null;
    return { root: id, imageId: details.id, bytesSent: 0, bytesReused: 0, layers, ...missing };
  }
  const linked = await linkFromElsewhere(id, publishing, world);
  if (linked !== null) {
    await putNames(linked.root, overwrite ? states : await readNames(destination), destination, world);
    learnBlobs(linked.root, cache, destination.repository);
    await cache.save();
    return { root: id, imageId: details.id, ...linked.amounts };
  }
  const meter = createMeter({
    emit: world.emit,
    host: destination.client.registry,
    what: `publish ${renderName(destination.names[0])}`,
    now: () => world.clock.now().getTime(),
  });
  const blobs: StoredBlobs = { held: new Map(), there: new Map() };
  for (let readings = 1; ; readings += 1) {
    const passed = await readTar(reached.engine, details.id, world, destination.signal, (tar) =>
      readStoredBlobs(tar, { ...blobs, destination, cache, meter, what }),
    );
    if (passed === null) break;
    if (readings >= mostReadings) throw causeOf(passed);
  }
  const tree = chooseTree(id, blobs, what, world);
  const amounts = await putTree(tree, blobs, { destination, meter, world });
  meter.tell();
  const now = overwrite ? states : await readNames(destination);
  if (!overwrite) refuseTaken(now, tree.root.descriptor.digest);
  await putNames(tree.root, now, destination, world);
  for (const manifest of [tree.root, ...tree.children]) learnBlobs(manifest, cache, destination.repository);
  await cache.save();
  return { root: tree.root.descriptor.digest, imageId: details.id, ...amounts };
}

function causeOf({ cause }: SourcePassed): unknown {
  return cause ?? new Error("a blob was read often enough, and did not arrive");
}

/** The registry has the whole image already. */
async function readKnown(id: Digest, { client, repository, signal }: Destination): Promise<Readable | null> {
  if ((await interruptible(client.headManifest(repository, id), signal)) === null) return null;
  const found = await interruptible(client.getManifest(repository, id), signal);
  return judgeManifest(found, `${client.registry}/${repository}@${id}`);
}

interface StoredTree {
  readonly root: Readable;
  /** Children of the root; none where it is an image. */
  readonly children: readonly Readable[];
  /** Configurations and layers, each once. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number; readonly mediaType: string }[];
}

/**
 * An index keeps its digest where the engine has all that it names. Of one that was pulled for a single platform the
 * engine has that image alone: this goes without its index, as `docker push` does it.
 */
function chooseTree(
  id: Digest,
  { held, there }: StoredBlobs,
  what: string,
  { emit }: Pick<PublishWorld, "emit">,
): StoredTree {
  const read = (digest: Digest, mediaType: string): Readable | null => {
    const bytes = held.get(digest);
    return bytes === undefined ? null : judgeManifest({ bytes, contentType: mediaType, digest }, what);
  };
  const has = (digest: Digest): boolean => held.has(digest) || there.has(digest);
  const root = read(id, "");
  if (root === null)
    throw new RegctlError("CONTENT_BROKEN", { what, problem: `its tar does not hold ${id}` });
  if (root.manifest.kind === "image") return { root, children: [], blobs: blobsOf([root]) };
  const entries = root.manifest.manifests.map((entry) => {
    const child = read(entry.digest, entry.mediaType);
    const whole = child !== null && blobsOf([child]).every(({ digest }) => has(digest));
    return { entry, child: whole ? child : null };
  });
  const children = entries.flatMap(({ child }) => child ?? []);
  if (children.length === entries.length) return { root, children, blobs: blobsOf(children) };
  const images = entries.flatMap(({ entry, child }) =>
    child === null || isUnknownPlatform(entry.platform ?? { os: "", architecture: "" }) ? [] : child,
  );
  const [only] = images;
  if (only === undefined || images.length > 1) {
    throw new RegctlError("CONTENT_BROKEN", {
      what,
      problem: `it is an index of ${entries.length}, of which the engine has only ${images.length}`,
    });
  }
  emit({ event: "note", note: "the engine has one platform of this image alone: it goes without its index" });
  return { root: only, children: [], blobs: blobsOf([only]) };
}

function blobsOf(manifests: readonly Readable[]): StoredTree["blobs"] {
  const all = manifests.flatMap(({ manifest }) =>
    manifest.kind === "image" ? [manifest.config, ...manifest.layers] : [],
  );
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

interface Putting {
  readonly destination: Destination;
  readonly meter: Meter;
  readonly world: PublishWorld;
}

/** What was held, and the manifests below the root. */
async function putTree(
  { blobs, children }: StoredTree,
  { held, there }: StoredBlobs,
  { destination, meter, world }: Putting,
): Promise<Pick<Published, "bytesSent" | "bytesReused" | "layers">> {
  const { client, repository, signal } = destination;
  const sent = new Map<Digest, number>([...there].map(([digest, blob]) => [digest, blob.sent]));
  for (const { digest, size, mediaType } of blobs) {
    const bytes = held.get(digest);
    if (bytes === undefined || (await interruptible(client.headBlob(repository, digest), signal)) !== null)
      continue;
    meter.expect(size);
    sent.set(
      digest,
      await putBlob({ digest, size, mediaType }, bytes, { destination, onBytes: meter.passed }, world),
    );
  }
  const target = destination.target(repository, null);
  for (const child of children) await target.putManifest(child);
  const travelled = blobs.filter(({ digest }) => (sent.get(digest) ?? 0) > 0);
  const sum = (of: StoredTree["blobs"]) => of.reduce((bytes, { size }) => bytes + size, 0);
  return {
    bytesSent: travelled.reduce((bytes, { digest }) => bytes + (sent.get(digest) ?? 0), 0),
    bytesReused: sum(blobs) - sum(travelled),
    layers: countLayers(blobs, there, sent),
  };
}

function countLayers(
  blobs: StoredTree["blobs"],
  there: StoredBlobs["there"],
  sent: ReadonlyMap<Digest, number>,
): Published["layers"] {
  const layers = blobs.filter(({ mediaType }) => !isConfigType(mediaType));
  const travelled = layers.filter(({ digest }) => (sent.get(digest) ?? 0) > 0).length;
  const mounted = layers.filter(({ digest }) => there.get(digest)?.mounted === true).length;
  return { sent: travelled, reused: layers.length - travelled - mounted, mounted };
}

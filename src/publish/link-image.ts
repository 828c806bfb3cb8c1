/** An image of one repository into another one of the same registry, all but its last manifest. */
import { type BlobResult, createBlobMover } from "../transfer/blob-mover.ts";
import type { TreeManifest } from "../transfer/image-target.ts";
import { createMeter } from "../transfer/meter.ts";
import { createRegistrySource } from "../transfer/registry-source.ts";
import { judgeManifest, readTree } from "../transfer/tree.ts";
import type { Destination } from "./destination.ts";
import type { PublishWorld } from "./world.ts";

export interface LinkedBlob extends BlobResult {
  readonly mediaType: string;
}

/** Blobs are linked there, and sent through here only where the registry will not. Tells what became of each. */
export async function linkImage(
  root: TreeManifest,
  { from, to }: { readonly from: string; readonly to: string },
  destination: Destination,
  world: PublishWorld,
): Promise<readonly LinkedBlob[]> {
  const { client, signal } = destination;
  const source = createRegistrySource(client, from, signal);
  const target = destination.target(to, from);
  const now = (): number => world.clock.now().getTime();
  const what = `${client.registry}/${to}`;
  const meter = createMeter({ emit: world.emit, host: client.registry, what, now });
  const sleep = (ms: number, over?: AbortSignal) =>
    world.clock.sleep(ms, over === undefined ? signal : AbortSignal.any([signal, over]));
  const mover = createBlobMover({ source, target, mounts: true, meter, sleep, now, signal });
  const { bytes, mediaType, descriptor } = root;
  const readable = judgeManifest({ bytes, contentType: mediaType, digest: descriptor.digest }, what);
  const tree = await readTree(readable, source);
  try {
    const results = await mover.move(tree.blobs, false);
    for (const manifest of tree.manifests.slice(0, -1)) await target.putManifest(manifest);
    return results.map((result, index) => ({ ...result, mediaType: tree.blobs[index]?.mediaType ?? "" }));
  } finally {
    await mover.settled();
  }
}

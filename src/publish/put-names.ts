/** A manifest whose blobs are in the first repository, put under all its names. */
import { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { createBlobMover } from "../transfer/blob-mover.ts";
import { createMeter } from "../transfer/meter.ts";
import { createRegistrySource } from "../transfer/registry-source.ts";
import { type ImageTree, judgeManifest, readTree } from "../transfer/tree.ts";
import { type Destination, renderName } from "./destination.ts";
import type { Name } from "./names.ts";
import type { PublishWorld } from "./world.ts";

export interface NameState {
  readonly name: Name;
  /** Before; null for nothing. */
  readonly before: Digest | null;
}

export async function readNames(destination: Destination): Promise<readonly NameState[]> {
  const { names, digestAt } = destination;
  return await Promise.all(names.map(async (name) => ({ name, before: await digestAt(name) })));
}

/** `--no-overwrite`. `would`: null while it is not known, then any other image is one too many. Throws TAG_TAKEN. */
export function refuseTaken(states: readonly NameState[], would: Digest | null): void {
  const taken = states.find(({ before }) => before !== null && before !== would);
  if (taken === undefined || taken.before === null) return;
  throw new RegctlError("TAG_TAKEN", { reference: renderName(taken.name), is: taken.before, would });
}

/** `root` is in the first repository by its digest, or is put there under its first name. */
export async function putNames(
  root: ImageTree["root"],
  states: readonly NameState[],
  destination: Destination,
  world: PublishWorld,
): Promise<void> {
  const { digest } = root.descriptor;
  const { repository } = destination;
  const todo = states.filter(({ before }) => before !== digest).map(({ name }) => name);
  const target = destination.target(repository, null);
  for (const { tag } of todo.filter((name) => name.repository === repository)) await target.putTag(root, tag);
  // The first name's repository holds it by now: the others are linked from there.
  const elsewhere = todo.filter((name) => name.repository !== repository);
  for (const name of elsewhere) await spread(root, name, destination, world);
}

/** Into another repository of the registry: blobs are linked there, and sent through here only where it will not. */
async function spread(
  root: ImageTree["root"],
  name: Name,
  destination: Destination,
  world: PublishWorld,
): Promise<void> {
  const { client, repository, signal } = destination;
  const source = createRegistrySource(client, repository, signal);
  const target = destination.target(name.repository, repository);
  const now = (): number => world.clock.now().getTime();
  const meter = createMeter({ emit: world.emit, host: name.registry, what: renderName(name), now });
  const sleep = (ms: number, over?: AbortSignal) =>
    world.clock.sleep(ms, over === undefined ? signal : AbortSignal.any([signal, over]));
  const mover = createBlobMover({ source, target, mounts: true, meter, sleep, now, signal });
  const readable = judgeManifest(
    { bytes: root.bytes, contentType: root.mediaType, digest: root.descriptor.digest },
    renderName(name),
  );
  const tree = await readTree(readable, source);
  try {
    await mover.move(tree.blobs, false);
    for (const manifest of tree.manifests.slice(0, -1)) await target.putManifest(manifest);
    await target.putTag(root, name.tag);
  } finally {
    await mover.settled();
  }
}

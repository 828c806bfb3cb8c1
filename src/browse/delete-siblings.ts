/** After a tag went: the manifest and the other tags on it are still there, or come back. */
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { TagDeletion } from "./delete-plan.ts";
import { restoreTag } from "./delete-restore.ts";
import type { DeleteTools } from "./delete-tools.ts";
import { atOnce, inParallel } from "./in-parallel.ts";

/** Registries were seen that remove the manifest with any of its tags: then `manifest` goes back under the others. */
export async function keepSiblings(
  deletion: TagDeletion,
  manifest: FetchedManifest,
  { client, repository, world }: DeleteTools,
): Promise<readonly string[]> {
  const { siblings, digest, last } = deletion;
  const there = (await client.headManifest(repository, digest)) !== null;
  if (!there && siblings.length === 0) {
    return ["The registry let its manifest go with the last tag on it"];
  }
  if (there && !last) return [];
  const lost: string[] = [];
  await inParallel(siblings, atOnce, async (tag) => {
    const head = await client.headManifest(repository, tag);
    if (head === null || (!there && head.digest === digest)) lost.push(tag);
  });
  for (const tag of lost.toSorted()) await restoreTag(client, repository, tag, manifest);
  if (lost.length === 0) return [];
  const note = `The registry had let go of other tags with it, which are put back: ${lost.toSorted().join(", ")}`;
  world.emit({ event: "warning", host: client.registry, warning: `${deletion.reference}: ${note}` });
  return [note];
}

/** A manifest is removed, and every tag on it with it. */
import { isRegctlError, RegctlError } from "../errors.ts";
import type { DeleteResult } from "../registry/api/manifests.ts";
import type { Digest } from "../registry/digest.ts";
import { deletionOff, type ManifestDeletion } from "./delete-plan.ts";
import { type DeleteTools, stays } from "./delete-tools.ts";
import { atOnce, inParallel } from "./in-parallel.ts";

/** Throws TAG_MOVED when another tag is on it, or one less, than was planned; nothing was changed then. */
export async function deleteManifest(
  deletion: ManifestDeletion,
  tools: DeleteTools,
): Promise<readonly string[]> {
  const { client, world } = tools;
  const { digest, placeholder, reference } = deletion;
  world.emit({ event: "step", host: client.registry, step: `delete ${reference}` });
  await expectTags(deletion, tools);
  for (const each of placeholder === null ? [digest] : [placeholder, digest]) {
    const result = await deleteDigest(each, deletion, tools);
    if (result === "off") throw deletionOff(client.registry, reference);
    if (result === "not-there" && each === digest) {
      throw new RegctlError("NOT_FOUND", {
        what: reference,
        reason: "somebody else has deleted it meanwhile",
      });
    }
  }
  await expectGone(digest, tools);
  return await findDangling(deletion, tools);
}

/** Google's registries want the tags gone first. */
async function deleteDigest(
  digest: Digest,
  { tags }: ManifestDeletion,
  { client, repository }: DeleteTools,
): Promise<DeleteResult> {
  try {
    return await client.deleteManifest(repository, digest);
  } catch (error) {
    const tagged = isRegctlError(error, "REGISTRY_ERROR") && /referenced by tag/i.test(error.facts.message);
    if (!tagged) throw error;
  }
  for (const tag of tags) await client.deleteManifest(repository, tag);
  return await client.deleteManifest(repository, digest);
}

/** Every tag that somebody has agreed to lose is looked at once more. */
async function expectTags(deletion: ManifestDeletion, tools: DeleteTools): Promise<void> {
  const { client, repository } = tools;
  const { digest, placeholder } = deletion;
  await inParallel(deletion.tags, atOnce, async (tag) => {
    const head = await client.headManifest(repository, tag);
    const wanted = placeholder !== null && tag === deletion.tag ? placeholder : digest;
    if (head?.digest === wanted) return;
    const reference = `${client.registry}/${repository}:${tag}`;
    throw new RegctlError("TAG_MOVED", { reference, was: wanted, is: head?.digest ?? null });
  });
}

const looks = 4;
const everyMs = 300;

async function expectGone(digest: Digest, { client, repository, world }: DeleteTools): Promise<void> {
  for (let look = 1; look <= looks; look += 1) {
    if ((await client.headManifest(repository, digest)) === null) return;
    if (look < looks) await world.clock.sleep(everyMs, world.signal);
  }
  throw stays(client, repository, digest);
}

/** Some registries forget to take the tags along. */
async function findDangling(deletion: ManifestDeletion, tools: DeleteTools): Promise<readonly string[]> {
  const { client, repository } = tools;
  const dangling: string[] = [];
  await inParallel(deletion.tags, atOnce, async (tag) => {
    const head = await client.headManifest(repository, tag);
    if (head?.digest === deletion.digest) dangling.push(tag);
  });
  if (dangling.length === 0) return [];
  return [`The registry still has tags that lead to it: ${dangling.toSorted().join(", ")}`];
}

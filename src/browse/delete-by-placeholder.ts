/**
 * A tag alone is removed where the registry deletes by digest only: see `delete-placeholder.ts`. Every step leaves
 * something that this run, or the next one, can finish or take back; the image itself stays under its digest.
 */
import { isRegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import { compareDigests, computeDigest } from "../registry/digest.ts";
import { awaitEnd } from "./delete-end.ts";
import { nonceOf } from "./delete-look.ts";
import { makePlaceholder, type Placeholder, placeholderBlobs } from "./delete-placeholder.ts";
import { deletionOff, type TagDeletion } from "./delete-plan.ts";
import { takeBack } from "./delete-take-back.ts";
import { type DeleteTools, moved, stays } from "./delete-tools.ts";

/** Returns notes. Throws as `deleteTag`, with the tag as it was unless it is PLACEHOLDER_LEFT. */
export async function deleteByPlaceholder(
  deletion: TagDeletion,
  kept: FetchedManifest,
  tools: DeleteTools,
): Promise<readonly string[]> {
  const { client, repository, world } = tools;
  const { tag, digest } = deletion;
  for (const blob of placeholderBlobs) await pushBlob(client, repository, blob);
  const nonce = nonceOf(world.random);
  const { contentType: mediaType } = kept;
  const placeholder = makePlaceholder({
    insteadOf: kept.digest,
    tag,
    mediaType,
    nonce,
    now: world.clock.now(),
  });
  // The last look: from here to the next step somebody else's push would be lost.
  const head = await client.headManifest(repository, tag);
  if (head === null || compareDigests(head.digest, digest) === "different") {
    throw moved(deletion, head?.digest ?? null);
  }
  try {
    await client.putManifest(repository, tag, placeholder);
  } catch (error) {
    if (isRefusal(error)) throw error;
    return await takeBack(error, { deletion, kept, placeholder, tools });
  }
  try {
    await removePlaceholder(deletion, placeholder, tools);
    return [];
  } catch (error) {
    return await takeBack(error, { deletion, kept, placeholder, tools });
  }
}

/** Nothing is left of an upload that failed. */
async function pushBlob(client: RegistryClient, repository: string, bytes: Buffer): Promise<void> {
  const digest = computeDigest(bytes);
  if ((await client.headBlob(repository, digest)) !== null) return;
  const upload = await client.startUpload(repository);
  try {
    await client.putUpload(upload, digest, bytes);
  } catch (error) {
    await client.cancelUpload(upload).catch(() => {});
    throw error;
  }
}

/** The registry has answered, and said no: nothing was put. */
function isRefusal(error: unknown): boolean {
  if (!isRegctlError(error)) return false;
  if (isRegctlError(error, "REGISTRY_ERROR")) return error.facts.status >= 400 && error.facts.status < 500;
  return exitCodeOf[error.code] === 4 || error.code === "NOT_FOUND" || error.code === "RATE_LIMITED";
}

async function removePlaceholder(
  deletion: TagDeletion,
  placeholder: Placeholder,
  { client, repository, world }: DeleteTools,
): Promise<void> {
  const { tag, reference } = deletion;
  const { digest } = placeholder;
  const head = await client.headManifest(repository, tag);
  if (head?.digest !== digest) throw moved(deletion, head?.digest ?? null);
  if ((await client.deleteManifest(repository, digest)) === "off") {
    throw deletionOff(client.registry, reference);
  }
  if ((await awaitEnd(client, { repository, tag, digest }, world)) === "stays") {
    throw stays(client, repository, digest);
  }
}

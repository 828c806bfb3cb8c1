/**
 * The list of referrers that clients keep under a tag, for registries that keep none themselves (OCI distribution
 * specification 1.1, "Referrers Tag Schema").
 */
import { isRegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { referrersTagOf } from "../registry/companion-tags.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { listOf, objectOf, parseJson } from "../registry/json.ts";
import { mediaTypes } from "../registry/media-types.ts";

/** The list with those descriptors in it, or null when it has them already. Entries that are there stay as they are. */
function joinIndex(before: Buffer | null, descriptors: readonly Descriptor[]): Buffer | null {
  const index = before === null ? undefined : objectOf(parseJson(before));
  const there = listOf(index?.manifests) ?? [];
  const known = new Set(there.map((entry) => objectOf(entry)?.digest));
  const missing = descriptors.filter(({ digest }) => !known.has(digest));
  if (missing.length === 0) return null;
  const empty = { schemaVersion: 2, mediaType: mediaTypes.ociIndex };
  return Buffer.from(JSON.stringify({ ...(index ?? empty), manifests: [...there, ...missing] }));
}

export async function joinReferrers(
  client: Pick<RegistryClient, "getManifest" | "putManifest">,
  repository: string,
  subject: Digest,
  descriptors: readonly Descriptor[],
): Promise<void> {
  const tag = referrersTagOf(subject);
  const bytes = joinIndex(await readIndex(client, repository, tag), descriptors);
  if (bytes !== null) await client.putManifest(repository, tag, { bytes, mediaType: mediaTypes.ociIndex });
}

async function readIndex(
  client: Pick<RegistryClient, "getManifest">,
  repository: string,
  tag: string,
): Promise<Buffer | null> {
  try {
    return (await client.getManifest(repository, tag)).bytes;
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

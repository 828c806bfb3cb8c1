import { RegctlError } from "../errors.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import type { RegistryClient } from "../registry/client.ts";
import { parseManifest } from "../registry/manifest.ts";

/** Puts kept bytes under a tag again. Throws when it does not hold them afterwards. */
export async function restoreTag(
  client: RegistryClient,
  repository: string,
  tag: string,
  manifest: FetchedManifest,
): Promise<void> {
  const what = `${client.registry}/${repository}:${tag}`;
  const { bytes, contentType, digest } = manifest;
  const { mediaType } = parseManifest(bytes, contentType, what);
  await client.putManifest(repository, tag, { bytes, mediaType });
  const head = await client.headManifest(repository, tag);
  if (head?.digest === digest) return;
  throw new RegctlError("TAG_MOVED", { reference: what, was: digest, is: head?.digest ?? null });
}

/** What speaks about an image: what the list of referrers names, and what cosign keeps under tags beside it. */
import { isRegctlError } from "../errors.ts";
import type { FetchedManifest } from "../registry/api/manifests.ts";
import { companionTagsOf } from "../registry/companion-tags.ts";
import type { Digest } from "../registry/digest.ts";
import { parseManifest } from "../registry/manifest.ts";
import { inspectReferrer } from "./inspect-manifest.ts";
import type { InspectedReferrer } from "./inspect-outcome.ts";
import type { Place } from "./inspect-platforms.ts";
import { itemErrorOf } from "./item-error.ts";
import { artifactTypeOf } from "./manifest-facts.ts";

/** Null where the registry refuses to tell: the image itself is there all the same. */
export async function readReferrers(
  place: Place,
  digest: Digest,
): Promise<readonly InspectedReferrer[] | null> {
  const { client, repository } = place;
  try {
    const [{ descriptors }, ...companions] = await Promise.all([
      client.listReferrers(repository, digest),
      ...companionTagsOf(digest).map((tag) => readCompanion(place, tag)),
    ]);
    return [...descriptors.map(inspectReferrer), ...companions.filter((each) => each !== null)];
  } catch (error) {
    if (!isRegctlError(error, "UNAUTHORIZED")) itemErrorOf(error);
    return null;
  }
}

async function readCompanion({ client, repository }: Place, tag: string): Promise<InspectedReferrer | null> {
  try {
    return inspectCompanion(tag, await client.getManifest(repository, tag));
  } catch (error) {
    if (isRegctlError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

/** Cosign calls its manifests images: what they hold is told by their layers. */
function inspectCompanion(tag: string, { bytes, contentType, digest }: FetchedManifest): InspectedReferrer {
  const manifest = parseManifest(bytes, contentType, tag);
  const artifactType =
    manifest.kind === "image" ? (artifactTypeOf(manifest) ?? manifest.layers[0]?.mediaType ?? null) : null;
  const annotations = manifest.kind === "schema1" ? {} : (manifest.annotations ?? {});
  return { artifactType, digest, tag, size: bytes.length, annotations };
}

/** `GET /v2/NAME/referrers/DIGEST` (end-12a, end-12b): what says something about a manifest. */
import type { Descriptor } from "../../registry/descriptor.ts";
import { parseDigest } from "../../registry/digest.ts";
import { mediaTypes } from "../../registry/media-types.ts";
import type { Handler, Methods } from "../core.ts";
import { nextLink } from "../page.ts";
import { json } from "../response.ts";
import { badDigest } from "./blobs.ts";

/** An unknown repository has none, as an unknown manifest: a 404 would say that this registry keeps no such list. */
const list: Handler = async ({ storage, limits }, { query }, { repository, reference }) => {
  const digest = parseDigest(reference);
  if (digest === null) return badDigest(reference);
  const artifactType = query.get("artifactType") ?? "";
  const after = query.get("last") ?? "";
  const wanted = (await storage.referrers(repository, digest)).filter(
    (referrer) => (artifactType === "" || referrer.artifactType === artifactType) && referrer.digest > after,
  );
  const manifests = firstPage(wanted, limits.referrersBytes);
  const last = manifests.at(-1)?.digest;
  const filter: Record<string, string> = artifactType === "" ? {} : { artifactType };
  const path = `/v2/${repository}/referrers/${digest}`;
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return json(200, index, {
    "content-type": mediaTypes.ociIndex,
    ...(artifactType === "" ? undefined : { "oci-filters-applied": "artifactType" }),
    ...(manifests.length < wanted.length && last !== undefined
      ? { link: nextLink(path, { ...filter, last }) }
      : undefined),
  });
};

export const referrers: Methods = { GET: list, HEAD: list };

/** As many as fit, and one at least. */
function firstPage(descriptors: readonly Descriptor[], most: number): readonly Descriptor[] {
  let bytes = 0;
  const end = descriptors.findIndex((descriptor, index) => {
    bytes += JSON.stringify(descriptor).length + 1;
    return index > 0 && bytes > most;
  });
  return end < 0 ? descriptors : descriptors.slice(0, end);
}

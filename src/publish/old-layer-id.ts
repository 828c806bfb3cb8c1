/**
 * Which layer lies in a folder of an archive that an engine before 25 saves. Its folders are called by the ids that
 * Docker gave to layers before 1.10: hashes of a small JSON text (`json` beside `layer.tar`) with the chain id of the
 * layer put in (moby image/v1/imagev1.go, CreateID; image/tarexport/save.go). So a folder tells its place in the image
 * before the bytes of its layer come. Pure.
 */
import { computeDigest, type Digest } from "../registry/digest.ts";
import { type JsonObject, objectOf, parseJson, textOf } from "../registry/json.ts";

/** Of the layer on all those below it (OCI image specification, config.md, "Layer ChainID"). */
export function chainIdsOf(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : computeDigest(`${below} ${diffId}`));
  }
  return chain;
}

/** The place of the layer in the image, the base 0; null for a folder whose text says nothing that fits. */
export function placeOfFolder(folder: string, json: Buffer, diffIds: readonly Digest[]): number | null {
  const object = objectOf(parseJson(json));
  if (object === undefined || object.id !== folder) return null;
  const parent = textOf(object.parent);
  const place = chainIdsOf(diffIds).findIndex((layerId) =>
    [true, false].some((withOs) => idOf(object, layerId, parent, withOs) === folder),
  );
  return place < 0 ? null : place;
}

/** The engine adds `os` to the text of lower layers after it has made the id. */
function idOf(object: JsonObject, layerId: Digest, parent: string | undefined, withOs: boolean): string {
  const { id: _, os, ...rest } = object;
  const hashed = {
    ...rest,
    layer_id: layerId,
    ...(parent === undefined ? {} : { parent: `sha256:${parent}` }),
    ...(withOs && os !== undefined ? { os } : {}),
  };
  const sorted = Object.fromEntries(Object.entries(hashed).sort(([one], [other]) => (one < other ? -1 : 1)));
  return computeDigest(escapeLikeGo(JSON.stringify(sorted))).slice("sha256:".length);
}

/** Go's encoder escapes what could mean something in HTML, and two line ends of Unicode. */
function escapeLikeGo(json: string): string {
  const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replaceAll(/[<>&\u2028\u2029]/g, escaped);
}

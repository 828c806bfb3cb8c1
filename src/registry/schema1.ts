/** Docker's image manifest schema 1, from before 2016: read so that old images can be looked at, never written. Pure. */
import { type Digest, parseDigest, problemOfDigest } from "./digest.ts";
import { type JsonObject, listOf, objectOf, parseJson, textOf } from "./json.ts";

export interface Schema1Manifest {
  readonly kind: "schema1";
  readonly mediaType: string;
  /** The repository without its registry, as it was when it was pushed. */
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  readonly signed: boolean;
  /** The base first. An empty layer changes nothing: it only carries configuration. Sizes are not told. */
  readonly layers: readonly { readonly digest: Digest; readonly empty: boolean }[];
  /** The configuration of the image, JSON that `parseImageConfig` reads; null when there is none. */
  readonly config: string | null;
}

/** The manifest, or what is wrong with it in words. */
export function readSchema1(object: JsonObject, mediaType: string): Schema1Manifest | string {
  const fsLayers = listOf(object.fsLayers);
  if (fsLayers === undefined) return "it has no list of layers";
  const history = (listOf(object.history) ?? []).map((item) => textOf(objectOf(item)?.v1Compatibility));
  const layers: { digest: Digest; empty: boolean }[] = [];
  for (const [index, item] of fsLayers.entries()) {
    const blobSum = objectOf(item)?.blobSum;
    const digest = parseDigest(blobSum);
    if (digest === null) {
      const why = typeof blobSum === "string" ? `a bad digest: ${problemOfDigest(blobSum)}` : "no digest";
      return `its layer ${index + 1} has ${why}`;
    }
    const empty = objectOf(parseJson(history[index] ?? ""))?.throwaway === true;
    layers.push({ digest, empty });
  }
  return {
    kind: "schema1",
    mediaType,
    name: textOf(object.name) ?? "",
    tag: textOf(object.tag) ?? "",
    architecture: textOf(object.architecture) ?? "",
    signed: (listOf(object.signatures) ?? []).length > 0,
    layers: layers.reverse(),
    config: history[0] ?? null,
  };
}

/**
 * The bytes that the digest of a signed manifest is of: everything but the signatures, cut and mended as the first
 * of them says. The bytes themselves when there is no signature; null when it cannot be followed.
 */
export function schema1Payload(content: Uint8Array): Uint8Array | null {
  const signatures = listOf(objectOf(parseJson(content))?.signatures);
  if (signatures === undefined || signatures.length === 0) return content;
  const header = textOf(objectOf(signatures[0])?.protected);
  const cut = objectOf(parseJson(Buffer.from(header ?? "", "base64url")));
  const tail = textOf(cut?.formatTail);
  const length = cut?.formatLength;
  if (tail === undefined || typeof length !== "number" || !(length >= 0 && length <= content.byteLength))
    return null;
  return Buffer.concat([content.subarray(0, Math.trunc(length)), Buffer.from(tail, "base64url")]);
}

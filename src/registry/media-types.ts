/** The media types of images, and what may be read off one. Pure. */

/** A table rather than an enumeration: registries send whatever a client once pushed. */
export const mediaTypes = {
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  dockerSchema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerForeignLayer: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
} as const;

export type ManifestKind = "image" | "index" | "schema1";

const kinds: Readonly<Record<string, ManifestKind>> = {
  [mediaTypes.dockerManifest]: "image",
  [mediaTypes.ociManifest]: "image",
  [mediaTypes.dockerManifestList]: "index",
  [mediaTypes.ociIndex]: "index",
  [mediaTypes.dockerSchema1]: "schema1",
  [mediaTypes.dockerSchema1Signed]: "schema1",
};

/**
 * For every request for a manifest: without the right type a registry converts the manifest, or says that it is
 * not there. Schema 1 stands last, as what is better than nothing.
 */
export const acceptManifests: string = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerManifest,
  mediaTypes.dockerSchema1Signed,
  mediaTypes.dockerSchema1,
].join(", ");

/** The type alone, in lower case, of a `Content-Type` that may carry parameters; empty when there is none. */
export function mediaTypeOf(contentType: string | null | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Null for every type that is no manifest, such as the text/plain that some registries call everything. */
export function manifestKindOf(mediaType: string): ManifestKind | null {
  return Object.hasOwn(kinds, mediaType) ? (kinds[mediaType] ?? null) : null;
}

/** How a layer's tar is packed. Null when the type does not say (attestations, Helm charts, other artifacts). */
export function layerCompressionOf(mediaType: string): "none" | "gzip" | "zstd" | null {
  const type = mediaTypeOf(mediaType);
  if (/\.tar[+.]gzip$/.test(type)) return "gzip";
  if (/\.tar[+.]zstd$/.test(type)) return "zstd";
  return /\.tar$/.test(type) ? "none" : null;
}

/** Layers that registries need not hold: their bytes are fetched from the descriptor's own URLs. */
export function isForeignLayer(mediaType: string): boolean {
  const type = mediaTypeOf(mediaType);
  return (
    type === mediaTypes.dockerForeignLayer ||
    type.startsWith("application/vnd.oci.image.layer.nondistributable.v1.tar")
  );
}

/** The manifest of an image whose layers were packed here, byte for byte as other tools write it. Pure. */
import type { Descriptor } from "../registry/descriptor.ts";
import { computeDigest, type Digest } from "../registry/digest.ts";
import { mediaTypes } from "../registry/media-types.ts";
import { type Algorithm, layerMediaTypeOf } from "../transfer/compression/compression.ts";
import type { TreeManifest } from "../transfer/image-target.ts";
import type { PackedLayer } from "./packed-layer.ts";

/** Docker's schema 2, or the OCI's. */
export type ManifestFormat = "docker" | "oci";

/** What Docker's format has a media type for. */
const dockerLayerTypes: Readonly<Partial<Record<Algorithm, string>>> = {
  gzip: mediaTypes.dockerLayer,
  none: "application/vnd.docker.image.rootfs.diff.tar",
};

/** Docker's own format has no word for zstd. */
export function canHold(format: ManifestFormat, algorithm: Algorithm): boolean {
  return format === "oci" || dockerLayerTypes[algorithm] !== undefined;
}

/** `config`: digest and size of the configuration. `layers`: the base first. */
export function renderManifest(
  format: ManifestFormat,
  config: Pick<Descriptor, "digest" | "size">,
  layers: readonly PackedLayer[],
): TreeManifest {
  return format === "docker" ? renderDocker(config, layers) : renderOci(config, layers);
}

/** As `docker push` writes it (distribution/manifest/schema2): three spaces of indent, the size before the digest. */
function renderDocker(
  config: Pick<Descriptor, "digest" | "size">,
  layers: readonly PackedLayer[],
): TreeManifest {
  const entry = (
    mediaType: string,
    { digest, size }: { readonly digest: Digest; readonly size: number },
  ) => ({
    mediaType,
    size,
    digest,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: entry(mediaTypes.dockerConfig, config),
    layers: layers.map((layer) => entry(dockerLayerTypes[layer.algorithm] ?? mediaTypes.dockerLayer, layer)),
  };
  return asManifest(JSON.stringify(manifest, null, 3), mediaTypes.dockerManifest);
}

function renderOci(
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  layers: readonly PackedLayer[],
): TreeManifest {
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest, size },
    layers: layers.map((layer) => ({
      mediaType: layerMediaTypeOf(layer.algorithm),
      digest: layer.digest,
      size: layer.size,
    })),
  };
  return asManifest(JSON.stringify(manifest), mediaTypes.ociManifest);
}

function asManifest(text: string, mediaType: string): TreeManifest {
  const bytes = Buffer.from(text);
  return { bytes, mediaType, descriptor: { mediaType, digest: computeDigest(bytes), size: bytes.length } };
}

/** A small real image of a few files, as an OCI layout. */
import { gzipSync } from "node:zlib";
import { openImageWriter } from "../layout/open.ts";
import { encodeTarHeader, tarEnd, tarPadding } from "../layout/tar-format.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { computeDigest, type Digest } from "../registry/digest.ts";
import { mediaTypes } from "../registry/media-types.ts";

export interface SmallImage {
  /** Texts by their path in the image. */
  readonly files: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly tag: string;
}

/** Writes it into the folder `path`, which becomes a layout. Returns the manifest's digest. */
export async function makeSmallImage(
  path: string,
  { files, architecture, tag }: SmallImage,
): Promise<Digest> {
  const tar = tarOf(files);
  const layer = blobOf(gzipSync(tar), mediaTypes.ociLayerGzip);
  const config = blobOf(
    toJson({
      created: new Date(0).toISOString(),
      architecture,
      os: "linux",
      config: { Labels: { "org.opencontainers.image.title": "hello" } },
      rootfs: { type: "layers", diff_ids: [computeDigest(tar)] },
      history: [{ created: new Date(0).toISOString(), created_by: "regctl quickstart" }],
    }),
    mediaTypes.ociConfig,
  );
  const manifest = blobOf(
    toJson({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: config.descriptor,
      layers: [layer.descriptor],
    }),
    mediaTypes.ociManifest,
  );
  const writer = await openImageWriter("oci", path, { overwrite: false });
  try {
    for (const { descriptor, bytes } of [layer, config, manifest]) {
      await writer.putBytes(descriptor.digest, bytes);
    }
    await writer.addEntry(manifest.descriptor, tag);
    await writer.commit();
  } finally {
    await writer.close();
  }
  return manifest.descriptor.digest;
}

interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

function blobOf(bytes: Buffer, mediaType: string): Blob {
  return { bytes, descriptor: { mediaType, digest: computeDigest(bytes), size: bytes.length } };
}

function toJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    return [encodeTarHeader(path, content.length), content, Buffer.alloc(tarPadding(content.length))];
  });
  return Buffer.concat([...parts, tarEnd]);
}

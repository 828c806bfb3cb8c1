/** An image of a docker-archive whose layers are not packed, as something that is read. */

import { buffer } from "node:stream/consumers";
import type { ImageReader } from "../layout/image-files.ts";
import { parseImageConfig } from "../registry/config.ts";
import type { ImageManifest } from "../registry/manifest.ts";
import { layerCompressionOf } from "../registry/media-types.ts";
import { verifyBytes } from "../registry/verify.ts";
import type { UnpackedImage } from "./send-image.ts";

/** All of them: an archive that packs some is published as it is. */
export function isUnpacked({ layers }: ImageManifest): boolean {
  return layers.length > 0 && layers.every(({ mediaType }) => layerCompressionOf(mediaType) === "none");
}

/** The digest of a layer that is not packed is the one in the configuration. */
export async function openArchiveImage(reader: ImageReader, manifest: ImageManifest): Promise<UnpackedImage> {
  const { config, layers } = manifest;
  const what = `the image ${config.digest} in ${reader.name}`;
  const bytes = await buffer(await reader.openBlob(config.digest));
  verifyBytes(bytes, { ...config, what: `the configuration of ${what}` });
  const { diffIds } = parseImageConfig(bytes, what);
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  return {
    id: config.digest,
    diffIds,
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    what,
    read: async ({ wants, takeLayer, takeConfig }) => {
      takeConfig(bytes);
      for (const [diffId, size] of sizes) {
        if (!wants(diffId)) continue;
        const content = await reader.openBlob(diffId);
        try {
          await takeLayer({ diffId, size, content });
        } finally {
          content.destroy();
        }
      }
    },
  };
}

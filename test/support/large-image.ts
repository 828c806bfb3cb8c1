/** Images of any size in a registry, made as they are sent: nobody holds a gibibyte. */
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { Descriptor } from "../../src/registry/descriptor.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { makeContent } from "./image-maker.ts";
import { openTestClient } from "./registry-world.ts";

const blockSize = 2 ** 20;

/** Content that does not repeat. `size` in bytes, a multiple of 1 MiB. */
async function pushLayer(host: string, repository: string, size: number): Promise<Descriptor> {
  await using opened = await openTestClient(host);
  const { client } = opened;
  const hash = createHash("sha256");
  const block = randomBytes(blockSize);
  const blocks = function* () {
    for (let sent = 0; sent < size; sent += block.length) {
      block.writeUInt32LE(sent / block.length);
      hash.update(block);
      yield Buffer.from(block);
    }
  };
  const body = { open: () => Readable.from(blocks()), length: size, again: false };
  const sent = await client.patchUpload(await client.startUpload(repository), body, false);
  const digest = await client.putUpload(sent, `sha256:${hash.digest("hex")}`);
  return { mediaType: mediaTypes.ociLayer, digest, size };
}

/** One layer of each size, tag `1`. Gives the manifest's digest. */
export async function pushLargeImage(
  host: string,
  repository: string,
  sizes: readonly number[],
): Promise<string> {
  const layers: Descriptor[] = [];
  for (const size of sizes) layers.push(await pushLayer(host, repository, size));
  const config = makeContent(
    Buffer.from(
      JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }),
    ),
    mediaTypes.ociConfig,
  );
  const manifest = makeContent(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: config.descriptor,
        layers,
      }),
    ),
    mediaTypes.ociManifest,
  );
  await using opened = await openTestClient(host);
  const { client } = opened;
  await client.putUpload(await client.startUpload(repository), config.digest, config.bytes);
  await client.putManifest(repository, "1", manifest);
  return manifest.digest;
}

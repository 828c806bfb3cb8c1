/** What a publish must have brought, and what it may leave behind. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { openTestClient } from "../support/registry-world.ts";
import type { UnpackedMade } from "../support/saved-tar.ts";

/** Fails unless `app:1` is that image: its configuration, and layers that unpack to what they should. */
export async function assertArrived(
  registry: string,
  { id, diffIds }: Pick<UnpackedMade, "id" | "diffIds">,
): Promise<void> {
  await using opened = await openTestClient(registry);
  const { client } = opened;
  const { bytes, contentType } = await client.getManifest("app", "1");
  const manifest = parseManifest(bytes, contentType, "app");
  assert.ok(manifest.kind === "image");
  assert.equal(manifest.config.digest, id);
  await client.readBlob("app", manifest.config);
  const unpacked: Digest[] = [];
  for (const { digest } of manifest.layers) {
    unpacked.push(computeDigest(gunzipSync(await buffer((await client.getBlob("app", digest)).stream))));
  }
  assert.deepEqual(unpacked, diffIds);
}

/** Paths of all files in a folder and below. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length + 1));
}

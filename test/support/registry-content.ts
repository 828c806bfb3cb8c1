/** Trees of content put into registries and compared with what is there, without any of the code under test but the client. */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { computeDigest } from "../../src/registry/digest.ts";
import type { MadeTree } from "./image-maker.ts";
import { openTestClient } from "./registry-world.ts";

type Options = Parameters<typeof openTestClient>[1];

/** `host`: HOST:PORT. Children go first, and the top manifest goes by its tags (by digest alone when there is none). */
export async function pushTree(
  host: string,
  repository: string,
  tags: readonly string[],
  tree: MadeTree,
  options?: Options,
): Promise<void> {
  await using opened = await openTestClient(host, options);
  const { client } = opened;
  for (const [digest, bytes] of tree.blobs) {
    if ((await client.headBlob(repository, digest)) !== null) continue;
    await client.putUpload(await client.startUpload(repository), digest, bytes);
  }
  for (const manifest of tree.manifests.values()) {
    const keys = manifest.digest === tree.manifest.digest && tags.length > 0 ? tags : [manifest.digest];
    for (const key of keys) await client.putManifest(repository, key, manifest);
  }
}

/** Fails unless the registry holds every byte of it, and the tag or digest leads there. */
export async function assertTree(
  host: string,
  repository: string,
  key: string,
  tree: MadeTree,
  options?: Options,
): Promise<void> {
  await using opened = await openTestClient(host, options);
  const { client } = opened;
  assert.equal((await client.getManifest(repository, key)).digest, tree.manifest.digest);
  for (const { digest, bytes, mediaType } of tree.manifests.values()) {
    const found = await client.getManifest(repository, digest);
    assert.ok(found.bytes.equals(bytes), `manifest ${digest}`);
    assert.equal(found.contentType, mediaType);
  }
  for (const digest of tree.blobs.keys()) {
    const { stream } = await client.getBlob(repository, digest);
    assert.equal(computeDigest(await buffer(stream)), digest);
  }
}

/** The digest that a tag leads to; null when it leads nowhere. */
export async function digestAt(
  host: string,
  repository: string,
  key: string,
  options?: Options,
): Promise<string | null> {
  await using opened = await openTestClient(host, options);
  return (await opened.client.headManifest(repository, key))?.digest ?? null;
}

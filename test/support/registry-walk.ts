/** What a registry really holds behind a tag: followed from the manifest down, every byte hashed here. */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { openTestClient } from "./registry-world.ts";

type Options = Parameters<typeof openTestClient>[1];
type Client = Awaited<ReturnType<typeof openTestClient>>["client"];

export interface HeldImage {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Every manifest of the tree with its media type, the first included. */
  readonly manifests: ReadonlyMap<Digest, string>;
  /** Configs and layers with their sizes. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

/** `host`: HOST:PORT; `key`: a tag or a digest. Fails when anything is missing or is not what its digest says. */
export async function readHeld(
  host: string,
  repository: string,
  key: string,
  options?: Options,
): Promise<HeldImage> {
  await using opened = await openTestClient(host, options);
  const manifests = new Map<Digest, string>();
  const blobs = new Map<Digest, number>();
  const top = await follow(opened.client, repository, key, { manifests, blobs });
  return { ...top, manifests, blobs };
}

interface Found {
  readonly manifests: Map<Digest, string>;
  readonly blobs: Map<Digest, number>;
}

async function follow(client: Client, repository: string, key: string, found: Found) {
  const { bytes, contentType, digest: told } = await client.getManifest(repository, key);
  const digest = computeDigest(bytes);
  assert.equal(told, digest, `${repository}:${key}`);
  const manifest = parseManifest(bytes, contentType, `${repository}:${key}`);
  found.manifests.set(digest, manifest.mediaType);
  assert.equal(contentType, manifest.mediaType);
  if (manifest.kind === "index") {
    for (const child of manifest.manifests) await follow(client, repository, child.digest, found);
  } else if (manifest.kind === "image") {
    for (const blob of [manifest.config, ...manifest.layers]) {
      const { stream } = await client.getBlob(repository, blob.digest);
      const content = await buffer(stream);
      assert.equal(computeDigest(content), blob.digest);
      assert.equal(content.length, blob.size, `size of ${blob.digest}`);
      found.blobs.set(blob.digest, content.length);
    }
  }
  return { digest, mediaType: manifest.mediaType };
}

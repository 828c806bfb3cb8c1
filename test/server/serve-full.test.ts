import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { makeBytes } from "../support/image-maker.ts";
import { openPlainClient, type PlainClient } from "../support/plain-http.ts";
import { runOver, startServed } from "../support/served-registry.ts";
import { mountSmallDisk, type SmallDisk, withoutMounts } from "../support/small-disk.ts";
import { imageOf, pieceOf } from "./content.ts";

const mib = 2 ** 20;
const layer = makeBytes(6 * mib, "a layer");
const digest = computeDigest(layer);
const image = imageOf({ layers: [pieceOf("small layer")] });
/** All that it names is there before the disk is full. */
const ready = imageOf({ layers: [pieceOf("small layer")] });
const other = imageOf({ layers: [pieceOf("small layer")] });

async function pushBlobs(client: PlainClient, { blobs }: typeof image) {
  for (const { bytes, digest: blob } of blobs) {
    const answer = await client.ask("POST", `/v2/app/blobs/uploads/?digest=${blob}`, { body: bytes });
    if (answer.status !== 201) return answer;
  }
  return null;
}

async function pushImage(client: PlainClient, pushed: typeof image, tag: string) {
  const refused = await pushBlobs(client, pushed);
  if (refused !== null) return refused;
  const headers = { "content-type": pushed.manifest.mediaType };
  return await client.ask("PUT", `/v2/app/manifests/${tag}`, { headers, body: pushed.manifest.bytes });
}

const messageOf = (bytes: Buffer): string => JSON.parse(bytes.toString()).errors[0].message;

async function pushLayer(client: PlainClient, how: "at once" | "streamed") {
  if (how === "at once")
    return client.ask("POST", `/v2/app/blobs/uploads/?digest=${digest}`, { body: layer });
  const { headers } = await client.ask("POST", "/v2/app/blobs/uploads/");
  const location = String(headers.location);
  const body = Readable.from([layer.subarray(0, 3 * mib), layer.subarray(3 * mib)]);
  const patched = await client.ask("PATCH", location, { body });
  return patched.status === 202 ? client.ask("PUT", `${location}?digest=${digest}`) : patched;
}

/** What was there before can be had as ever. */
async function assertPulls(client: PlainClient): Promise<void> {
  const got = await client.ask("GET", "/v2/app/manifests/v1");
  assert.deepEqual([got.status, computeDigest(got.bytes)], [200, image.manifest.digest]);
  for (const { digest: blob } of image.blobs) {
    assert.equal((await client.ask("HEAD", `/v2/app/blobs/${blob}`)).status, 200);
    assert.equal(computeDigest((await client.ask("GET", `/v2/app/blobs/${blob}`)).bytes), blob);
  }
  assert.deepEqual(JSON.parse(String((await client.ask("GET", "/v2/app/tags/list")).bytes)).tags, ["v1"]);
}

async function assertFull(client: PlainClient, disk: SmallDisk, storage: string): Promise<void> {
  await disk.fill(2 * mib);
  for (const how of ["at once", "streamed"] as const) {
    const refused = await pushLayer(client, how);
    assert.equal(refused.status, 507, `${how}: ${refused.bytes}`);
    assert.match(messageOf(refused.bytes), /no space left/);
  }
  assert.deepEqual(await readdir(join(storage, "uploads/app")), [], "what could not be stored takes no room");
  // Not even an entry of a folder.
  await disk.fill(0);
  const refused = await pushImage(client, other, "v1");
  assert.deepEqual(
    [refused.status, messageOf(refused.bytes)],
    [507, "no space left in the registry's storage"],
  );
  const headers = { "content-type": ready.manifest.mediaType };
  const tagged = await client.ask("PUT", "/v2/app/manifests/v1", { headers, body: ready.manifest.bytes });
  assert.equal(tagged.status, 507, "a tag that cannot be moved");
  assert.deepEqual(await readdir(join(storage, "tmp")), []);
}

test("a full disk refuses pushes, serves what it has, and heals; so does one that is read-only", {
  skip: withoutMounts,
}, async () => {
  await using disk = await mountSmallDisk(16 * mib);
  const storage = join(disk.path, "registry");
  const home = join(disk.path, "home");
  const options = { home, storage };
  await using served = await startServed(options);
  using client = openPlainClient(served.host);
  assert.equal((await pushImage(client, image, "v1")).status, 201);
  assert.equal(await pushBlobs(client, ready), null);
  await assertFull(client, disk, storage);
  await assertPulls(client);
  await disk.free();
  for (const how of ["at once", "streamed"] as const)
    assert.equal((await pushLayer(client, how)).status, 201);
  assert.equal((await pushImage(client, other, "v1")).status, 201);
  assert.equal((await pushImage(client, image, "v1")).status, 201);

  await disk.writable(false);
  const refused = await pushImage(client, other, "v1");
  assert.deepEqual([refused.status, messageOf(refused.bytes)], [405, "the registry's storage is read-only"]);
  assert.equal((await client.ask("DELETE", "/v2/app/manifests/v1")).status, 405);
  assert.equal((await client.ask("POST", "/v2/app/blobs/uploads/")).status, 405);
  await assertPulls(client);
  await disk.writable(true);
  assert.equal((await pushImage(client, other, "v2")).status, 201);
  const { code, stdout } = await runOver(options, "verify");
  assert.deepEqual([code, JSON.parse(stdout).ok], [0, true]);
  assert.equal(served.alive(), true);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { collectGarbage } from "../../src/server/disk/gc.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { type Random, seeded } from "../fuzz/mutate.ts";
import { listenWith } from "../support/listening-registry.ts";
import { openPlainClient, type PlainClient } from "../support/plain-http.ts";
import { imageOf, pieceOf } from "./content.ts";
import { createDiskWorld } from "./disk-world.ts";

const graceMs = 60 * 60 * 1000;
const rounds = 25;
const pushers = 8;
const repositories = ["app", "team/base", "other"];

type Image = ReturnType<typeof imageOf>;

/** As an engine does: what is there is not sent, what another repository has is mounted. */
async function pushBlob(
  client: PlainClient,
  repository: string,
  bytes: Buffer,
  random: Random,
): Promise<void> {
  const digest = computeDigest(bytes);
  const way = random(3);
  if (way === 0 && (await client.ask("HEAD", `/v2/${repository}/blobs/${digest}`)).status === 200) return;
  if (way === 1) {
    const from = repositories[random(repositories.length)];
    const target = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`;
    if ((await client.ask("POST", target)).status === 201) return;
  }
  const target = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  assert.equal((await client.ask("POST", target, { body: bytes })).status, 201);
}

async function pushImage(client: PlainClient, repository: string, tag: string, image: Image, random: Random) {
  for (const { bytes } of image.blobs) await pushBlob(client, repository, bytes, random);
  const headers = { "content-type": image.manifest.mediaType };
  const target = `/v2/${repository}/manifests/${random(4) === 0 ? image.manifest.digest : tag}`;
  // Also a client that finds its manifest there does not push it again.
  if (random(3) === 0) {
    const { status, headers: found } = await client.ask("HEAD", target);
    if (status === 200 && found["docker-content-digest"] === image.manifest.digest) return;
  }
  const put = await client.ask("PUT", target, { headers, body: image.manifest.bytes });
  assert.equal(put.status, 201, `${put.bytes}`);
}

async function assertThere(
  client: PlainClient,
  repository: string,
  { manifest, blobs }: Image,
): Promise<void> {
  for (const target of [
    `/v2/${repository}/manifests/${manifest.digest}`,
    ...blobs.map(({ digest }) => `/v2/${repository}/blobs/${digest}`),
  ]) {
    const { status, bytes } = await client.ask("GET", target);
    assert.equal(status, 200, `${target} has gone`);
    assert.ok(target.endsWith(computeDigest(bytes)));
  }
}

test("garbage is collected while 8 push the same forgotten blobs: nothing that is referred to vanishes", async (told) => {
  await using world = await createDiskWorld();
  let now = Date.now();
  const clock = { now: () => new Date(now), sleep: () => new Promise<never>(() => {}) };
  const storage = await world.open({ clock, graceMs });
  await using server = await listenWith(createRegistry({ storage }));
  using client = openPlainClient(new URL(server.url).host);
  // In each round all push two of six images, so that blobs are forgotten for a while and come back.
  const layers = Array.from({ length: 7 }, (_, index) => pieceOf(`layer ${index}`.repeat(9000)));
  const images = layers.slice(1).map((layer) => imageOf({ layers: [layer, ...layers.slice(0, 1)] }));
  const total = { removed: 0, runs: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const random = seeded(round);
    // Whatever nobody refers to is forgotten from this moment on, unless somebody asks for it or pushes it.
    now += 2 * graceMs;
    const popular = [images[random(images.length)], images[random(images.length)]];
    let pushing = true;
    const collect = async () => {
      while (pushing) {
        total.removed += (await collectGarbage(storage, { untagged: round % 2 === 0 })).removed;
        total.runs += 1;
      }
    };
    const chosen = Array.from({ length: pushers }, (_, index) => ({
      repository: repositories[random(repositories.length)] ?? "app",
      image: popular[random(2)] ?? imageOf(),
      tag: `p${index}`,
      random: seeded(1000 * round + index),
    }));
    const push = Promise.all(
      chosen.map(({ repository, image, tag, random: own }) => pushImage(client, repository, tag, image, own)),
    ).finally(() => {
      pushing = false;
    });
    await Promise.all([push, collect()]);
    for (const { repository, image } of chosen) await assertThere(client, repository, image);
    await deleteSome(
      client,
      chosen.map(({ repository, image }) => [repository, image.manifest.digest]),
      random,
    );
  }
  assert.ok(total.removed > rounds, JSON.stringify(total));
  assert.deepEqual((await verifyStorage(storage)).damaged, []);
  told.diagnostic(`${total.runs} runs removed ${total.removed} blobs`);
});

async function deleteSome(
  client: PlainClient,
  manifests: readonly (readonly [repository: string, digest: Digest])[],
  random: Random,
): Promise<void> {
  for (const [repository, digest] of manifests) {
    if (random(8) > 0) await client.ask("DELETE", `/v2/${repository}/manifests/${digest}`);
  }
}

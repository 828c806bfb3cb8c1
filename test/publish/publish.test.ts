/** `publish` as a whole: a scripted engine, our own registry, real HTTP and real bytes in between. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { isRegctlError } from "../../src/errors.ts";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { type ImageManifest, parseManifest } from "../../src/registry/manifest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { openPublishWorld, type PublishWorldParts, type ScriptedImage } from "../support/publish-world.ts";
import { assertTree, digestAt } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";
import {
  makeSavedTar,
  makeStoredTar,
  makeUnpacked,
  type SaveKind,
  type UnpackedMade,
} from "../support/saved-tar.ts";

const mebibyte = 1024 * 1024;
const storeStatus = [["driver-type", "io.containerd.snapshotter.v1"]] as const;

function scripted(made: UnpackedMade, kind: SaveKind = "docker-28", names = ["app:1"]): ScriptedImage {
  const { id, diffIds, layers } = made;
  const size = layers.reduce((sum, { length }) => sum + length, 0);
  const steps = layers.map(({ length }) => length).reverse();
  return { id, names, diffIds, size, steps, tar: makeSavedTar(kind, made) };
}

async function readManifest(host: string, repository: string, key: string): Promise<ImageManifest> {
  await using opened = await openTestClient(host);
  const { bytes, contentType } = await opened.client.getManifest(repository, key);
  const manifest = parseManifest(bytes, contentType, key);
  assert.ok(manifest.kind === "image");
  return manifest;
}

/** Fails unless the registry has the image: its configuration, and layers that unpack to what they should. */
async function assertImage(
  world: PublishWorldParts,
  made: Pick<UnpackedMade, "id" | "diffIds">,
  key = "1",
  repository = "app",
): Promise<ImageManifest> {
  const manifest = await readManifest(world.registry, repository, key);
  assert.equal(manifest.config.digest, made.id);
  await using opened = await openTestClient(world.registry);
  const unpacked: Digest[] = [];
  for (const { digest, size, mediaType } of manifest.layers) {
    const bytes = await buffer((await opened.client.getBlob(repository, digest)).stream);
    assert.equal(bytes.length, size);
    unpacked.push(computeDigest(unpack(bytes, mediaType)));
  }
  assert.deepEqual(unpacked, made.diffIds);
  await opened.client.readBlob(repository, manifest.config);
  return manifest;
}

function unpack(bytes: Buffer, mediaType: string): Buffer {
  if (mediaType.endsWith("gzip")) return gunzipSync(bytes);
  return mediaType.endsWith("zstd") ? zstdDecompressSync(bytes) : bytes;
}

const failsWith = (code: Parameters<typeof isRegctlError>[1]) => (error: unknown) =>
  isRegctlError(error, code);

describe("an image of an engine that unpacks", () => {
  for (const kind of ["docker-28", "podman", "docker-20.10 with odd folders"] as const) {
    it(`goes as it is saved: ${kind}`, async () => {
      const made = makeUnpacked([300_000, 5 * mebibyte, 1000, 1000]);
      await using world = await openPublishWorld({ images: [scripted(made, kind)] });
      const { items } = await world.publish("app:1");
      const manifest = await assertImage(world, made);
      assert.equal(manifest.mediaType, mediaTypes.dockerManifest);
      assert.equal(items[0]?.digest, await digestAt(world.registry, "app", "1"));
      assert.deepEqual(items[0]?.layers, { sent: 4, reused: 0, mounted: 0 });
      assert.deepEqual(world.tagged, [`${world.proxy.host}/app:1`]);
    });
  }

  it("goes as docker 20.10 saves it, a layer that it has twice once", async () => {
    const tar = await readFile(new URL("../fixtures/publish/save-20.10.tar", import.meta.url));
    const id = "sha256:347bb3ad4674e2660005460b50281c1417cd2037543d67cdcd31e53a3973e4ea";
    const [a, b] = [
      "sha256:971f90f9b8f53c27814e551c04647544227801ffd5e68cbc63d25434480399fc",
      "sha256:4333889d3430cc553da783edaa4c1b714dee55c0c8d2dcd5ae38b04a0a659dd7",
    ] as const;
    const image = { id, names: ["small:1"], diffIds: [a, b, a], size: 6, tar } as const;
    await using world = await openPublishWorld({ images: [image] });
    const { items } = await world.publish("347bb3ad");
    await assertImage(world, image);
    assert.deepEqual(items[0]?.layers, { sent: 2, reused: 0, mounted: 0 });
  });

  it("again nothing is read from the engine, with and without a cache, in three requests a layer", async () => {
    const made = makeUnpacked([20_000, 30_000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    const first = await world.publish("app:1");
    for (const drop of [false, true]) {
      if (drop) await world.dropCache();
      const before = world.proxy.requests.length;
      const { items } = await world.publish("app:1");
      assert.equal(world.saves(), 1);
      assert.equal(items[0]?.bytesSent, 0);
      assert.equal(items[0]?.changed, false);
      assert.equal(items[0]?.digest, first.items[0]?.digest);
      const asked = world.proxy.requests.length - before;
      assert.ok(asked <= 3 * made.layers.length + 4, `${asked} requests`);
    }
  });

  it("of one more layer on top that layer alone is sent", async () => {
    const base = makeUnpacked([5 * mebibyte]);
    const top = makeUnpacked([...base.layers, 40_000], "top");
    await using world = await openPublishWorld({
      images: [scripted(base, "docker-28", ["base:1"]), scripted(top, "docker-28", ["top:1"])],
    });
    await world.publish("base:1");
    await world.dropCache();
    const { items } = await world.publish("top:1", { names: [`${world.proxy.host}/app:2`], via: "direct" });
    await assertImage(world, top, "2");
    assert.deepEqual(items[0]?.layers, { sent: 1, reused: 1, mounted: 0 });
    assert.ok((items[0]?.bytesSent ?? 0) < 60_000);
  });

  it("is linked from another repository of the registry", async () => {
    const made = makeUnpacked([200_000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    await world.publish("app:1");
    const { items } = await world.publish("app:1", { names: [`${world.proxy.host}/other:1`], via: "direct" });
    await assertImage(world, made, "1", "other");
    assert.deepEqual([items[0]?.bytesSent, items[0]?.layers.mounted], [0, 1]);
    assert.equal(world.saves(), 1);
  });

  it("goes under several names at once, also in another repository", async () => {
    const made = makeUnpacked([200_000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    const at = (name: string) => `${world.proxy.host}/${name}`;
    const { items } = await world.publish("app:1", {
      names: [at("app:1"), at("app:2"), at("other")],
      tag: false,
    });
    assert.deepEqual(
      items.map(({ reference }) => reference),
      [at("app:1"), at("app:2"), at("other:latest")],
    );
    await assertImage(world, made, "2");
    await assertImage(world, made, "latest", "other");
    assert.deepEqual(world.tagged, []);
    assert.ok(world.told.some((event) => event.event === "note" && event.note.includes("other:latest")));
  });

  it("is packed as it is asked for", async () => {
    const made = makeUnpacked([200_000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    const layerTypes = {
      "gzip:6": mediaTypes.dockerLayer,
      zstd: mediaTypes.ociLayerZstd,
      none: "application/vnd.docker.image.rootfs.diff.tar",
    };
    for (const [compression, mediaType] of Object.entries(layerTypes)) {
      const tag = compression.replace(":", "-");
      await world.publish("app:1", { names: [`${world.proxy.host}/app:${tag}`], compression });
      const { layers } = await assertImage(world, made, tag);
      assert.equal(layers[0]?.mediaType, mediaType);
    }
    assert.ok(world.told.some((event) => event.event === "warning" && event.warning.includes("23.0")));
    await assert.rejects(
      world.publish("app:1", { compression: "zstd", format: "docker" }),
      failsWith("USAGE"),
    );
  });

  it("is planned without a change", async () => {
    const made = makeUnpacked([200_000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    const { items, dryRun } = await world.publish("app:1", { dryRun: true });
    assert.equal(dryRun, true);
    assert.deepEqual(items[0]?.layers, { sent: 1, reused: 0, mounted: 0 });
    assert.equal(await digestAt(world.registry, "app", "1"), null);
    assert.deepEqual([world.saves(), world.tagged.length], [0, 0]);
    assert.ok(world.proxy.requests.every(({ method }) => method === "GET" || method === "HEAD"));
  });

  it("takes no tag from another image with --no-overwrite", async () => {
    const [one, other] = [makeUnpacked([2000], "one"), makeUnpacked([2000], "other")];
    await using world = await openPublishWorld({
      images: [scripted(one, "docker-28", ["one:1"]), scripted(other, "docker-28", ["other:1"])],
    });
    await world.publish("one:1", { overwrite: false });
    await assert.rejects(world.publish("other:1", { overwrite: false }), failsWith("TAG_TAKEN"));
    await world.publish("one:1", { overwrite: false });
    await assertImage(world, one);
    const { items } = await world.publish("other:1");
    assert.ok(items[0]?.replaced !== null && items[0]?.changed);
  });

  it("is named when it is not there, or not the only one", async () => {
    const images = [makeUnpacked([10], "a"), makeUnpacked([10], "b")].map((made, index) => ({
      ...scripted(made, "docker-28", [`team/app${index}:1`]),
      id: `sha256:${"ab12".padEnd(64, String(index))}`,
    }));
    await using world = await openPublishWorld({ images });
    await assert.rejects(world.publish("ab12"), (error) => {
      assert.ok(isRegctlError(error, "IMAGE_AMBIGUOUS"));
      assert.equal(error.facts.candidates.length, 2);
      return true;
    });
    await assert.rejects(world.publish("team/ap"), (error) => {
      assert.ok(isRegctlError(error, "IMAGE_MISSING"));
      assert.deepEqual(error.facts.near, ["team/app0:1", "team/app1:1"]);
      return true;
    });
  });
});

describe("an image of containerd's store", () => {
  const tree = makeIndex([
    makeImage({ seed: "x", layers: [2_000_000, 100] }),
    makeImage({ seed: "y", platform: "linux/arm64", layers: [3_000_000] }),
  ]);
  const image = (tar: Buffer): ScriptedImage => ({
    id: tree.manifest.digest,
    names: ["app:1"],
    diffIds: [],
    size: 5_000_000,
    descriptor: tree.manifest.descriptor,
    tar,
  });

  it("goes byte for byte, with its index, and once", async () => {
    await using world = await openPublishWorld({
      images: [image(makeStoredTar(tree))],
      driverStatus: storeStatus,
    });
    const { items } = await world.publish("app:1");
    await assertTree(world.registry, "app", "1", tree);
    assert.equal(items[0]?.digest, tree.manifest.digest);
    const again = await world.publish("app:1", { names: [`${world.proxy.host}/app:2`] });
    assert.deepEqual([again.items[0]?.bytesSent, world.saves()], [0, 1]);
    await assertTree(world.registry, "app", "2", tree);
  });

  it("goes without its index where the engine has one platform alone", async () => {
    const [amd64, arm64] = [...tree.manifests.values()];
    assert.ok(amd64 !== undefined && arm64 !== undefined);
    const { layers } = parseManifest(arm64.bytes, arm64.mediaType, "arm64") as ImageManifest;
    const tar = makeStoredTar(tree, [layers[0]?.digest ?? tree.manifest.digest]);
    await using world = await openPublishWorld({ images: [image(tar)], driverStatus: storeStatus });
    const { items } = await world.publish("app:1");
    assert.equal(items[0]?.digest, amd64.digest);
    assert.equal(await digestAt(world.registry, "app", "1"), amd64.digest);
  });

  it("is linked from another repository that an earlier run has put it into, and not read", async () => {
    await using world = await openPublishWorld({
      images: [image(makeStoredTar(tree))],
      driverStatus: storeStatus,
    });
    await world.publish("app:1");
    const { items } = await world.publish("app:1", { names: [`${world.proxy.host}/team/app:1`] });
    await assertTree(world.registry, "team/app", "1", tree);
    assert.deepEqual([items[0]?.bytesSent, items[0]?.layers.sent, world.saves()], [0, 0, 1]);
    await world.dropCache();
    const blind = await world.publish("app:1", { names: [`${world.proxy.host}/blind:1`] });
    await assertTree(world.registry, "blind", "1", tree);
    assert.ok(Number(blind.items[0]?.bytesSent) > 4_000_000);
    assert.equal(world.saves(), 2);
  });

  it("is read where it is gone from there, and its large blobs are linked all the same", async () => {
    await using world = await openPublishWorld({
      images: [image(makeStoredTar(tree))],
      driverStatus: storeStatus,
    });
    await world.publish("app:1");
    await using opened = await openTestClient(world.registry);
    await opened.client.deleteManifest("app", tree.manifest.digest);
    const { items } = await world.publish("app:1", { names: [`${world.proxy.host}/team/app:1`] });
    await assertTree(world.registry, "team/app", "1", tree);
    assert.equal(world.saves(), 2);
    assert.equal(items[0]?.layers.mounted, 2);
    assert.ok(Number(items[0]?.bytesSent) < 100_000);
  });

  it("is not packed anew", async () => {
    await using world = await openPublishWorld({
      images: [image(makeStoredTar(tree))],
      driverStatus: storeStatus,
    });
    await assert.rejects(world.publish("app:1", { compression: "gzip" }), failsWith("USAGE"));
  });
});

describe("an image in a file", () => {
  it("of docker save is packed, and is the image that the engine has", async () => {
    const made = makeUnpacked([200_000, 1000]);
    await using world = await openPublishWorld({ images: [scripted(made)] });
    const path = join(world.home, "saved.tar");
    await writeFile(path, makeSavedTar("podman", made));
    const { items } = await world.publish(path);
    const manifest = await assertImage(world, made);
    assert.equal(manifest.mediaType, mediaTypes.dockerManifest);
    const digest = items[0]?.digest;
    const same = await world.publish("app:1", { names: [`${world.proxy.host}/app:2`] });
    assert.deepEqual([same.items[0]?.digest, same.items[0]?.bytesSent], [digest, 0]);
  });
});

import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { computeDigest, encodedOf } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import { collectGarbage } from "../../src/server/disk/gc.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import type { NewManifest } from "../../src/server/storage.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { imageOf } from "./disk-scenario.ts";
import { createDiskWorld } from "./disk-world.ts";
import { manifestOf, putBlob, readBlob } from "./storage-parts.ts";

const minuteMs = 60_000;

/** A clock that stands still until it is told to go on. */
function standingClock() {
  let now = Date.now();
  const sleep = () => new Promise<never>(() => {});
  return {
    clock: { now: () => new Date(now), sleep },
    goOn: (ms: number) => {
      now += ms;
    },
  };
}

async function pushImage(storage: DiskStorage, repository: string, layer: string, tags: readonly string[]) {
  await putBlob(storage, repository, layer);
  const image = imageOf(layer, tags);
  await storage.putManifest(repository, image);
  return image;
}

function indexOf(children: readonly NewManifest[], tags: readonly string[]): NewManifest {
  const manifests = children.map(({ digest, mediaType, bytes }) => ({
    digest,
    mediaType,
    size: bytes.length,
  }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  return manifestOf("", { bytes, digest: computeDigest(bytes), mediaType: mediaTypes.ociIndex, tags });
}

describe("garbage", () => {
  test("is what no manifest of the repository names, and goes when nobody else has it", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    await pushImage(storage, "a", "layer", ["v1"]);
    const shared = await putBlob(storage, "a", "shared");
    await storage.linkBlob("b", shared, "a");
    await storage.putManifest("b", imageOf("shared", ["v1"]));
    const lone = await putBlob(storage, "a", "lone");
    const before = await storage.statistics();
    const wouldGo = await collectGarbage(storage, { graceMs: 0, dryRun: true });
    assert.deepEqual(wouldGo, { removed: 1, bytes: 4 });
    assert.equal(await storage.blobSize("a", lone), 4);
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0 }), wouldGo);
    assert.equal(await storage.blobSize("a", lone), null);
    assert.equal(await storage.blobSize("a", shared), null);
    assert.equal(await readBlob(storage, "b", shared), "shared");
    assert.equal(await readBlob(storage, "a", computeDigest("layer")), "layer");
    assert.deepEqual(await storage.statistics(), {
      ...before,
      blobs: before.blobs - 1,
      bytes: before.bytes - 4,
    });
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0 }), { removed: 0, bytes: 0 });
    assert.equal((await verifyStorage(storage)).ok, true);
  });

  test("of a deleted image is counted, and its folder goes", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const image = await pushImage(storage, "a", "layer", ["v1"]);
    await storage.deleteManifest("a", image.digest);
    const expected = { removed: 2, bytes: "layer".length + image.bytes.length };
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0, dryRun: true }), expected);
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0 }), expected);
    assert.deepEqual(await readdir(join(world.path, "repositories")), []);
    await pushImage(storage, "a", "layer", ["v1"]);
    assert.equal((await verifyStorage(storage)).ok, true);
  });

  const touches: Readonly<Record<string, (storage: DiskStorage) => Promise<unknown>>> = {
    pushed: (storage) => putBlob(storage, "a", "layer"),
    "pushed elsewhere": (storage) => putBlob(storage, "b", "layer"),
    "asked for": (storage) => storage.blobSize("a", computeDigest("layer")),
    mounted: (storage) => storage.linkBlob("b", computeDigest("layer"), "a"),
  };
  for (const [how, touch] of Object.entries(touches)) {
    test(`stays for the grace period after it was ${how}`, async () => {
      await using world = await createDiskWorld();
      const { clock, goOn } = standingClock();
      const storage = await world.open({ clock });
      const digest = await putBlob(storage, "a", "layer");
      goOn(59 * minuteMs);
      await touch(storage);
      goOn(59 * minuteMs);
      await collectGarbage(storage);
      assert.equal(await readBlob(storage, "a", digest), "layer");
      goOn(2 * minuteMs);
      await collectGarbage(storage);
      assert.equal(await readBlob(storage, "a", digest), null);
      assert.deepEqual(await readdir(join(world.path, "blobs/sha256")), []);
    });
  }

  test("is not what is pushed at the same moment, again and again", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const files = createStoreFiles();
    let [pushing, removed] = [true, 0];
    const sweep = async (): Promise<void> => {
      while (pushing) removed += (await collectGarbage(storage)).removed;
    };
    const push = async (repository: string): Promise<void> => {
      for (let round = 0; round < 40; round += 1) {
        const layer = `layer of ${repository}`;
        const digest = computeDigest(layer);
        // Left over from the round before, and old: it goes at any moment from now on, or stays.
        await files.touch(join(world.path, "blobs/sha256", encodedOf(digest)), 0).catch(() => {});
        if (round % 4 === 3) await collectGarbage(storage);
        if ((await storage.blobSize(repository, digest)) === null) await putBlob(storage, repository, layer);
        const image = imageOf(layer, ["v1"]);
        await storage.putManifest(repository, image);
        assert.equal(await readBlob(storage, repository, digest), layer);
        assert.deepEqual((await storage.getManifest(repository, "v1"))?.bytes, image.bytes);
        await storage.deleteManifest(repository, image.digest);
      }
    };
    const pushed = Promise.all(["a", "b", "c"].map(push)).finally(() => {
      pushing = false;
    });
    await Promise.all([sweep(), pushed]);
    assert.ok(removed > 0, "something was collected meanwhile");
    assert.deepEqual((await verifyStorage(storage)).damaged, []);
  });

  test("of a repository whose manifests are not all whole stays where it is", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    await pushImage(storage, "a", "layer", ["v1"]);
    await putBlob(storage, "a", "lone");
    const path = join(world.path, "blobs/sha256", encodedOf(imageOf("layer", ["v1"]).digest));
    const text = await readFile(path, "utf8");
    // It names another layer now.
    await writeFile(path, text.replaceAll(computeDigest("layer"), computeDigest("other")));
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0 }), { removed: 0, bytes: 0 });
    for (const content of ["layer", "lone"]) {
      assert.equal(await readBlob(storage, "a", computeDigest(content)), content);
    }
    assert.ok(world.events.some((event) => event.event === "warning"));
  });

  test("is not a manifest whose name in its repository was lost", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const { digest, bytes } = await pushImage(storage, "a", "layer", ["v1"]);
    await rm(join(world.path, "repositories/a/blobs/sha256", encodedOf(digest)));
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0 }), { removed: 0, bytes: 0 });
    assert.deepEqual((await storage.getManifest("a", "v1"))?.bytes, bytes);
    assert.equal((await verifyStorage(storage)).ok, true);
  });
});

describe("manifests without a tag", () => {
  test("go when they are asked to go and nothing keeps them", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const [child, other, alone] = [imageOf("c", []), imageOf("o", []), imageOf("x", [])];
    const index = indexOf([child], ["v1"]);
    const statement = imageOf("s", [], child.digest);
    const ofNothing = imageOf("n", [], computeDigest("no such manifest"));
    const lost = indexOf([other], []);
    for (const layer of ["c", "o", "x", "s", "n"]) await putBlob(storage, "a", layer);
    for (const manifest of [child, other, alone, index, statement, ofNothing, lost]) {
      await storage.putManifest("a", manifest);
    }
    const there = async () => {
      const found = [child, index, statement, other, alone, ofNothing, lost].map(({ digest }) =>
        storage.getManifest("a", digest),
      );
      return (await Promise.all(found)).map((manifest) => manifest !== null);
    };
    await collectGarbage(storage, { graceMs: 0 });
    assert.deepEqual(await there(), [true, true, true, true, true, true, true]);
    await collectGarbage(storage, { graceMs: 60 * minuteMs, untagged: true });
    assert.deepEqual(await there(), [true, true, true, true, true, true, true]);
    const wouldGo = await collectGarbage(storage, { graceMs: 0, untagged: true, dryRun: true });
    assert.deepEqual(await collectGarbage(storage, { graceMs: 0, untagged: true }), wouldGo);
    assert.equal(wouldGo.removed, 4 + 3, "manifests and layers");
    assert.deepEqual(await there(), [true, true, true, false, false, false, false]);
    assert.equal((await verifyStorage(storage)).ok, true);
  });

  test("that somebody asked for stay for the grace period", async () => {
    await using world = await createDiskWorld();
    const { clock, goOn } = standingClock();
    const storage = await world.open({ clock });
    const { digest } = await pushImage(storage, "a", "layer", []);
    goOn(59 * minuteMs);
    assert.notEqual(await storage.getManifest("a", digest), null);
    goOn(59 * minuteMs);
    await collectGarbage(storage, { untagged: true });
    assert.equal((await storage.tags("a", { limit: 1 }))?.entries.length, 0);
    goOn(61 * minuteMs);
    await collectGarbage(storage, { untagged: true });
    assert.equal(await storage.tags("a", { limit: 1 }), null);
  });
});

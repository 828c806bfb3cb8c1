import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { computeDigest, type Digest, encodedOf } from "../../src/registry/digest.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import { StorageFailure } from "../../src/server/storage.ts";
import { imageOf } from "./disk-scenario.ts";
import { createDiskWorld, type DiskWorld } from "./disk-world.ts";
import { manifestOf, putBlob, readBlob } from "./storage-parts.ts";

const isDamaged = (error: unknown) => error instanceof StorageFailure && error.problem === "damaged";

const fileOf = (world: DiskWorld, digest: Digest) => join(world.path, "blobs/sha256", encodedOf(digest));

/** One bit, in place: all its names are names of it still. */
async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe("a damaged blob", () => {
  test("is named with its repositories, is not served, and is healed by the next push", async () => {
    await using world = await createDiskWorld();
    let storage = await world.open();
    const layer = "l".repeat(100_000);
    const digest = await putBlob(storage, "team/app", layer);
    await storage.linkBlob("other", digest, "team/app");
    await flipBit(fileOf(world, digest));
    const report = await verifyStorage(storage);
    assert.equal(report.ok, false);
    assert.equal(report.blobs, 1);
    assert.deepEqual(
      report.damaged.map(({ digest: which, repositories }) => [which, repositories]),
      [[digest, ["other", "team/app"]]],
    );
    assert.ok(world.events.some((event) => event.event === "warning" && event.warning.includes(digest)));

    await storage.close();
    storage = await world.open();
    assert.deepEqual(
      storage.damaged().map((blob) => blob.digest),
      [digest],
    );
    await assert.rejects(storage.openBlob("other", digest), isDamaged);
    assert.equal(await storage.blobSize("other", digest), null, "so that clients push it again");
    assert.equal(await storage.linkBlob("third", digest, null), false);

    await putBlob(storage, "third", layer);
    for (const repository of ["team/app", "other", "third"]) {
      assert.equal(await readBlob(storage, repository, digest), layer);
    }
    assert.deepEqual(await verifyStorage(storage), { ok: true, blobs: 1, damaged: [] });
    await storage.close();
    assert.deepEqual((await world.open()).damaged(), []);
  });

  test("that is small is found when it is read", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const digest = await putBlob(storage, "a", "config");
    await flipBit(fileOf(world, digest));
    await assert.rejects(storage.openBlob("a", digest), isDamaged);
    await assert.rejects(storage.openBlob("a", digest), isDamaged);
  });

  test("that ends too early is found when its end is read", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const digest = await putBlob(storage, "a", "l".repeat(100_000));
    const reader = await storage.openBlob("a", digest);
    await truncate(fileOf(world, digest), 50_000);
    assert.equal(await reader?.read(Buffer.alloc(100_000), 0), 50_000);
    await assert.rejects(async () => reader?.read(Buffer.alloc(10), 50_000), isDamaged);
    await reader?.close();
    await assert.rejects(storage.openBlob("a", digest), isDamaged);
    await putBlob(storage, "a", "l".repeat(100_000));
    assert.equal((await readBlob(storage, "a", digest))?.length, 100_000);
  });

  test("with another size is replaced by a push, though nobody had found it", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const digest = await putBlob(storage, "a", "l".repeat(100_000));
    await truncate(fileOf(world, digest), 50_000);
    await putBlob(storage, "b", "l".repeat(100_000));
    assert.equal((await readBlob(storage, "a", digest))?.length, 100_000);
    assert.equal((await verifyStorage(storage)).ok, true);
  });

  test("that is a manifest is not served by any key until it is pushed again", async () => {
    await using world = await createDiskWorld();
    const first = await world.open();
    await first.putManifest("a", manifestOf("one", { tags: ["v1"] }));
    await first.close();
    await flipBit(fileOf(world, manifestOf("one").digest));
    const storage = await world.open();
    for (const key of ["v1", manifestOf("one").digest]) {
      await assert.rejects(storage.getManifest("a", key), isDamaged);
    }
    await storage.putManifest("a", manifestOf("one"));
    assert.deepEqual((await storage.getManifest("a", "v1"))?.bytes, manifestOf("one").bytes);
  });
});

describe("verify", () => {
  test("misses what a manifest names, and says where", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    await putBlob(storage, "a", "layer");
    await storage.putManifest("a", imageOf("layer", ["v1"]));
    assert.equal((await verifyStorage(storage)).ok, true);
    await storage.unlinkBlob("a", computeDigest("layer"));
    const { ok, damaged } = await verifyStorage(storage);
    assert.equal(ok, false);
    assert.deepEqual(
      damaged.map(({ digest, repositories }) => [digest, repositories]),
      [[computeDigest("layer"), ["a"]]],
    );
  });

  test("reads lists of repositories, and a broken one is never written over", async () => {
    await using world = await createDiskWorld();
    const first = await world.open();
    await first.putManifest("a", manifestOf("one", { tags: ["v1"] }));
    await first.putManifest("b", manifestOf("one", { tags: ["v1"] }));
    await first.close();
    const index = join(world.path, "repositories/a/index.json");
    await writeFile(index, '{"manifests":[{"digest":"sha256:1"}]}');
    const storage = await world.open();
    await assert.rejects(storage.getManifest("a", "v1"), isDamaged);
    await assert.rejects(storage.putManifest("a", manifestOf("two")), isDamaged);
    assert.notEqual(await storage.getManifest("b", "v1"), null);
    assert.match(await readFile(index, "utf8"), /"sha256:1"/);
    const { damaged } = await verifyStorage(storage);
    assert.deepEqual(
      damaged.map(({ digest, repositories }) => [digest, repositories]),
      [[null, ["a"]]],
    );
    await writeFile(index, Buffer.from('{"schemaVersion":2,"manifests":[]}'));
    assert.deepEqual(await storage.tags("a", { limit: 1 }), { entries: [], more: false });
  });

  test("serves again what was brought back by hand", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const digest = await putBlob(storage, "a", "config");
    await flipBit(fileOf(world, digest));
    assert.equal((await verifyStorage(storage)).ok, false);
    await flipBit(fileOf(world, digest));
    assert.equal((await verifyStorage(storage)).ok, true);
    assert.equal(await readBlob(storage, "a", digest), "config");
  });

  test("works while a server has the folder, and tells it nothing", async () => {
    await using world = await createDiskWorld();
    const server = await world.open();
    const digest = await putBlob(server, "a", "config");
    await flipBit(fileOf(world, digest));
    const beside = await world.open({ readOnly: true });
    assert.equal((await verifyStorage(beside)).ok, false);
    assert.deepEqual(server.damaged(), []);
  });
});

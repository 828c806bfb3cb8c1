/** What lies on the disk: an OCI image layout for each repository, by names that fit, and nothing of others touched. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { computeDigest, encodedOf } from "../../src/registry/digest.ts";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import { StorageFailure } from "../../src/server/storage.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { imageOf } from "./disk-scenario.ts";
import { createDiskWorld } from "./disk-world.ts";
import { withFault } from "./fault-files.ts";
import { bodyOf, manifestOf, most, putBlob, readBlob } from "./storage-parts.ts";

const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));

describe("a repository on the disk", () => {
  test("is an OCI image layout whose blobs are names of the shared ones", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const layer = await putBlob(storage, "team/app", "layer");
    const image = imageOf("layer", ["v1", "latest"]);
    await storage.putManifest("team/app", image);
    const folder = join(world.path, "repositories/team+app");
    assert.deepEqual(await readJson(join(folder, "oci-layout")), { imageLayoutVersion: "1.0.0" });
    const entry = (tag: string) => ({
      mediaType: image.mediaType,
      digest: image.digest,
      size: image.bytes.length,
      annotations: { "org.opencontainers.image.ref.name": tag },
    });
    assert.deepEqual(await readJson(join(folder, "index.json")), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [entry("v1"), entry("latest")],
    });
    for (const digest of [layer, image.digest]) {
      const name = `blobs/sha256/${encodedOf(digest)}`;
      assert.equal((await stat(join(folder, name))).ino, (await stat(join(world.path, name))).ino);
    }
    assert.deepEqual(await readdir(join(world.path, "tmp")), []);
    assert.deepEqual(await readdir(join(world.path, "uploads/team+app")), []);
  });

  test("may have the longest name", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const name = `${"a".repeat(127)}/${"b".repeat(127)}`;
    await putBlob(storage, name, "x");
    await storage.putManifest(name, manifestOf("one", { tags: ["t".repeat(128)] }));
    await storage.close();
    const again = await world.open();
    assert.deepEqual(await again.repositories({ limit: 2 }), { entries: [name], more: false });
    assert.equal(await readBlob(again, name, computeDigest("x")), "x");
  });

  test("is closed to other users of the machine", async () => {
    await using world = await createDiskWorld();
    await putBlob(await world.open(), "a", "x");
    const name = `blobs/sha256/${encodedOf(computeDigest("x"))}`;
    assert.equal((await stat(join(world.path, name))).mode & 0o077, 0);
    assert.equal((await stat(world.path)).mode & 0o077, 0);
  });

  test("long annotations of a referrer stand in its manifest alone", async () => {
    await using world = await createDiskWorld();
    const subject = computeDigest("subject");
    const annotations = { "org.example.long": "x".repeat(10_000) };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, annotations }));
    const referrer = manifestOf("", { bytes, digest: computeDigest(bytes), subject, annotations });
    const storage = await world.open();
    await storage.putManifest("a", referrer);
    const [listed] = await storage.referrers("a", subject);
    assert.deepEqual(listed?.annotations, annotations);
    assert.ok((await stat(join(world.path, "repositories/a/index.json"))).size < 1000);
  });
});

describe("many pushes at the same moment", () => {
  test("share the writes of their list", async () => {
    await using world = await createDiskWorld();
    const files = withFault(createStoreFiles(), { kind: "none" });
    const storage = await world.open({ files });
    const pushes = Array.from({ length: 100 }, (_, n) => manifestOf(`m${n}`, { tags: [`t${n}`] }));
    await Promise.all(pushes.map((manifest) => storage.putManifest("a", manifest)));
    const written = files.operations.filter(
      (name) => name === `rename ${world.path}/repositories/a/index.json`,
    );
    assert.ok(written.length < 50, `${written.length} writes`);
    assert.equal((await storage.tags("a", { limit: 1000 }))?.entries.length, 100);
  });
});

describe("a folder", () => {
  const problem = (words: RegExp) => (error: unknown) =>
    isRegctlError(error, "STORAGE_FAILED") && words.test(error.facts.problem);

  test("of somebody else is left alone", async () => {
    await using world = await createDiskWorld();
    await mkdir(world.path);
    await writeFile(join(world.path, "thesis.txt"), "");
    await assert.rejects(world.open(), problem(/holds "thesis\.txt"/));
    await writeFile(join(world.path, "regctl-registry.json"), '{"format":2}');
    await assert.rejects(world.open(), problem(/newer regctl/));
    await writeFile(join(world.path, "regctl-registry.json"), "");
    await assert.rejects(world.open(), problem(/cannot be read/));
  });

  test("that is a file is no storage", async () => {
    await using world = await createDiskWorld();
    await writeFile(world.path, "");
    await assert.rejects(world.open(), problem(/ENOTDIR|EEXIST/));
  });

  test("is served without a change when it is only read", async () => {
    await using world = await createDiskWorld();
    await assert.rejects(world.open({ readOnly: true }), problem(/no registry/));
    const first = await world.open();
    await putBlob(first, "a", "x");
    await first.putManifest("a", manifestOf("one", { tags: ["v1"] }));
    // While the other one has it.
    const reader = await world.open({ readOnly: true });
    assert.equal(await readBlob(reader, "a", computeDigest("x")), "x");
    assert.equal(await reader.blobSize("a", computeDigest("x")), 1);
    assert.equal((await reader.getManifest("a", "v1"))?.digest, manifestOf("one").digest);
    const refused = (error: unknown) => error instanceof StorageFailure && error.problem === "read-only";
    await assert.rejects(reader.startUpload("a"), refused);
    await assert.rejects(reader.putManifest("a", manifestOf("two")), refused);
    await assert.rejects(reader.deleteTag("a", "v1"), refused);
  });

  test("whose permissions forbid writing says so", {
    skip: process.getuid?.() === 0 && "root may all",
  }, async () => {
    await using world = await createDiskWorld();
    await (await world.open()).close();
    await chmod(world.path, 0o500);
    await assert.rejects(world.open(), problem(/EACCES/));
    await chmod(world.path, 0o700);
  });
});

describe("uploads", () => {
  test("that nobody goes on with are removed in time, others stay", async () => {
    await using world = await createDiskWorld();
    let now = Date.now();
    const clock = { now: () => new Date(now), sleep: async () => {} };
    const storage = await world.open({ clock });
    const { id } = await storage.startUpload("a");
    await storage.appendUpload("a", id, 0, bodyOf("x"), most);
    assert.equal(await storage.expireUploads(60_000), 0);
    now += 61_000;
    assert.equal(await storage.expireUploads(60_000), 1);
    assert.equal(await storage.findUpload("a", id), null);
    await storage.expireUploads(60_000);
    assert.deepEqual(await readdir(join(world.path, "uploads")), []);
  });

  const random = (bytes: number) => randomBytes(bytes);
  const inPieces = async function* (bytes: Buffer, piece: number): AsyncGenerator<Buffer> {
    // One buffer for all of them: whoever keeps it keeps the wrong bytes.
    const buffer = Buffer.alloc(piece);
    for (let at = 0; at < bytes.length; at += piece) yield buffer.subarray(0, bytes.copy(buffer, 0, at));
  };
  const pushInPieces = async (storage: DiskStorage, bytes: Buffer, piece: number): Promise<void> => {
    const digest = computeDigest(bytes);
    const { id } = await storage.startUpload("a");
    await storage.appendUpload("a", id, 0, inPieces(bytes, piece), bytes.length);
    assert.equal(await storage.finishUpload("a", id, digest), "stored");
    const stored = await readFile(join(storage.path, "blobs/sha256", encodedOf(digest)));
    assert.ok(stored.equals(bytes), `${bytes.length} bytes in pieces of ${piece}`);
  };

  test("of several megabytes arrive whole, however little the system takes at a time", async () => {
    await using world = await createDiskWorld();
    const files = withFault(createStoreFiles(), { kind: "short-writes", bytes: 100_003 });
    const storage = await world.open({ files });
    for (const [size, piece] of [
      [5_000_000, 65_536],
      [1_048_576, 1_048_576],
      [393_216, 131_072],
      [131_073, 1000],
    ] as const) {
      await pushInPieces(storage, random(size), piece);
    }
  });

  test("do not mix when there are many", async () => {
    await using world = await createDiskWorld();
    const storage = await world.open();
    const sizes = Array.from({ length: 150 }, (_, n) => 1 + n * 4001);
    await Promise.all(sizes.map((size) => pushInPieces(storage, random(size), 30_000)));
    assert.equal((await verifyStorage(storage)).ok, true);
  });
});

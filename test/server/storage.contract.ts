/** What every storage of the embedded registry must do. Run by the tests of memory and of disk. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import type { Storage } from "../../src/server/storage.ts";
import { blobs, uploads, uploadsAtOdds } from "./storage-blobs.contract.ts";
import { lists, manifests, referrers } from "./storage-manifests.contract.ts";
import {
  bodyOf,
  brokenBody,
  manifestOf,
  most,
  none,
  putBlob,
  readBlob,
  type Using,
} from "./storage-parts.ts";

export interface StorageUnderTest {
  /** A new and empty one. Whoever hands in this function removes afterwards what it made. */
  open(): Promise<Storage>;
  /** Closes it and opens what it kept; missing for storages that keep nothing. */
  reopen?(storage: Storage): Promise<Storage>;
}

export function storageContract({ open, reopen }: StorageUnderTest): void {
  const using: Using = async (use) => {
    const storage = await open();
    try {
      await use(storage);
    } finally {
      await storage.close();
    }
  };
  describe("uploads", () => uploads(using));
  describe("uploads at odds", () => uploadsAtOdds(using));
  describe("blobs", () => blobs(using));
  describe("manifests and tags", () => manifests(using));
  describe("referrers", () => referrers(using));
  describe("lists", () => lists(using));
  describe("what is not there", () => unknown(using));
  describe("many at a time", () => concurrent(using));
  describe("opened again", { skip: reopen === undefined ? "it keeps nothing" : false }, () => {
    if (reopen !== undefined) openedAgain(open, reopen);
  });
}

function unknown(using: Using): void {
  it("is told without an error", async () => {
    await using(async (storage) => {
      assert.equal(await storage.blobSize("no/such", none), null);
      assert.equal(await storage.openBlob("no/such", none), null);
      assert.equal(await storage.linkBlob("no/such", none, "nor/this"), false);
      assert.equal(await storage.unlinkBlob("no/such", none), false);
      assert.equal(await storage.findUpload("no/such", "id"), null);
      assert.equal(await storage.appendUpload("no/such", "id", 0, bodyOf("x"), most), "unknown");
      assert.equal(await storage.finishUpload("no/such", "id", none), "unknown");
      assert.equal(await storage.cancelUpload("no/such", "id"), false);
      assert.equal(await storage.getManifest("no/such", "latest"), null);
      assert.equal(await storage.getManifest("no/such", none), null);
      assert.equal(await storage.deleteTag("no/such", "latest"), false);
      assert.equal(await storage.deleteManifest("no/such", none), false);
      assert.equal(await storage.tags("no/such", { limit: 10 }), null);
      assert.deepEqual(await storage.referrers("no/such", none), []);
      assert.deepEqual(await storage.repositories({ limit: 10 }), { entries: [], more: false });
      assert.deepEqual(await storage.searchRepositories("", 10), { names: [], total: 0 });
    });
  });

  it("stays so when it was only asked for", async () => {
    await using(async (storage) => {
      await storage.putManifest("a", manifestOf("one"));
      for (const key of ["latest", "__proto__", "constructor", none]) {
        assert.equal(await storage.getManifest("a", key), null);
      }
      // Ids of uploads come from clients as they are.
      for (const id of ["", ".", "..", "../x", "a/b", "\u0000", "x".repeat(5000), "__proto__"]) {
        assert.equal(await storage.findUpload("a", id), null);
        assert.equal(await storage.appendUpload("a", id, 0, bodyOf("x"), most), "unknown");
        assert.equal(await storage.cancelUpload("a", id), false);
      }
      assert.deepEqual(await storage.repositories({ limit: 10 }), { entries: ["a"], more: false });
    });
  });
}

function concurrent(using: Using): void {
  it("push the same blob", async () => {
    await using(async (storage) => {
      const pushes = Array.from({ length: 16 }, (_, index) => putBlob(storage, `r${index % 4}`, "same"));
      const [digest = none] = await Promise.all(pushes);
      for (const repository of ["r0", "r1", "r2", "r3"]) {
        assert.equal(await readBlob(storage, repository, digest), "same");
      }
    });
  });

  it("finish one upload once", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      await storage.appendUpload("a", id, 0, bodyOf("abc"), most);
      const digest = computeDigest("abc");
      const results = await Promise.all([1, 2, 3].map(() => storage.finishUpload("a", id, digest)));
      assert.equal(results.filter((result) => result === "stored").length, 1);
      assert.equal(await readBlob(storage, "a", digest), "abc");
    });
  });

  it("move one tag: each ends whole, and one of them is last", async () => {
    await using(async (storage) => {
      const pushed = Array.from({ length: 16 }, (_, index) => manifestOf(`m${index}`, { tags: ["latest"] }));
      await Promise.all(pushed.map((manifest) => storage.putManifest("a", manifest)));
      const latest = await storage.getManifest("a", "latest");
      assert.ok(pushed.some(({ digest }) => digest === latest?.digest));
      for (const { digest, bytes } of pushed) {
        assert.deepEqual((await storage.getManifest("a", digest))?.bytes, bytes);
      }
    });
  });

  it("set different tags: none is lost", async () => {
    await using(async (storage) => {
      const tags = Array.from({ length: 32 }, (_, index) => `t${String(index).padStart(2, "0")}`);
      await Promise.all(tags.map((tag) => storage.putManifest("a", manifestOf(tag, { tags: [tag] }))));
      assert.deepEqual((await storage.tags("a", { limit: 100 }))?.entries, tags);
    });
  });

  it("push and delete: a tag never points to what is gone", async () => {
    await using(async (storage) => {
      const manifest = manifestOf("one", { tags: ["x"] });
      const changes = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? storage.putManifest("a", manifest) : storage.deleteManifest("a", manifest.digest),
      );
      await Promise.all(changes);
      const byTag = await storage.getManifest("a", "x");
      const byDigest = await storage.getManifest("a", manifest.digest);
      assert.equal(byTag === null, byDigest === null);
      const tags = await storage.tags("a", { limit: 10 });
      assert.deepEqual(tags?.entries ?? [], byTag === null ? [] : ["x"]);
    });
  });
}

function openedAgain(open: () => Promise<Storage>, reopen: (storage: Storage) => Promise<Storage>): void {
  it("holds all that it held, and goes on with uploads", async () => {
    let storage = await open();
    try {
      const blob = await putBlob(storage, "team/app", "abc");
      await storage.linkBlob("other", blob, "team/app");
      await storage.unlinkBlob("team/app", blob);
      const subject = manifestOf("subject", { tags: ["v1", "latest"] });
      const referrer = manifestOf("referrer", {
        subject: subject.digest,
        artifactType: "application/x",
        annotations: { a: "ü" },
      });
      await storage.putManifest("team/app", subject);
      await storage.putManifest("team/app", referrer);
      await storage.putManifest("gone", manifestOf("gone", { tags: ["x"] }));
      await storage.deleteManifest("gone", manifestOf("gone").digest);
      await storage.deleteTag("team/app", "latest");
      const listed = await storage.referrers("team/app", subject.digest);
      const { id } = await storage.startUpload("team/app");
      await storage.appendUpload("team/app", id, 0, bodyOf("01"), most);
      const cut = storage.appendUpload("team/app", id, 2, brokenBody("234", new Error("cut")), most);
      await assert.rejects(cut, /cut/);

      storage = await reopen(storage);
      assert.equal(await readBlob(storage, "other", blob), "abc");
      assert.equal(await storage.blobSize("team/app", blob), null);
      assert.deepEqual(await storage.repositories({ limit: 10 }), { entries: ["team/app"], more: false });
      assert.deepEqual(await storage.searchRepositories("app", 10), { names: ["team/app"], total: 1 });
      assert.deepEqual(await storage.tags("team/app", { limit: 10 }), { entries: ["v1"], more: false });
      const { bytes, digest, mediaType } = subject;
      assert.deepEqual(await readManifest(storage, "v1"), { bytes, digest, mediaType });
      assert.equal(listed.length, 1);
      assert.deepEqual(await storage.referrers("team/app", digest), listed);
      assert.deepEqual(await storage.findUpload("team/app", id), { id, size: 5 });
      await storage.appendUpload("team/app", id, 5, bodyOf("56"), most);
      assert.equal(await storage.finishUpload("team/app", id, computeDigest("0123456")), "stored");
    } finally {
      await storage.close();
    }
  });
}

async function readManifest(storage: Storage, key: string) {
  const manifest = await storage.getManifest("team/app", key);
  assert.ok(manifest !== null);
  const { bytes, digest, mediaType } = manifest;
  return { bytes, digest, mediaType };
}

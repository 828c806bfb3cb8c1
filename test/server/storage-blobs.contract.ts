/** The part of the storages' contract that is about uploads and blobs. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { StorageFailure } from "../../src/server/storage.ts";
import { bodyOf, brokenBody, heldBody, most, none, putBlob, readBlob, type Using } from "./storage-parts.ts";

export function uploads(using: Using): void {
  it("grow by parts and become a blob", async () => {
    await using(async (storage) => {
      const { id, size } = await storage.startUpload("team/app");
      assert.equal(size, 0);
      assert.deepEqual(await storage.appendUpload("team/app", id, 0, bodyOf("ab", "c"), most), {
        id,
        size: 3,
      });
      assert.deepEqual(await storage.appendUpload("team/app", id, 3, bodyOf(), most), { id, size: 3 });
      assert.deepEqual(await storage.appendUpload("team/app", id, 3, bodyOf("def"), most), { id, size: 6 });
      assert.deepEqual(await storage.findUpload("team/app", id), { id, size: 6 });
      assert.equal(await storage.finishUpload("team/app", id, computeDigest("abcdef")), "stored");
      assert.equal(await storage.findUpload("team/app", id), null);
      assert.equal(await storage.finishUpload("team/app", id, computeDigest("abcdef")), "unknown");
      assert.equal(await readBlob(storage, "team/app", computeDigest("abcdef")), "abcdef");
    });
  });

  it("may be empty", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      assert.equal(await storage.finishUpload("a", id, computeDigest("")), "stored");
      assert.equal(await storage.blobSize("a", computeDigest("")), 0);
      assert.equal(await readBlob(storage, "a", computeDigest("")), "");
    });
  });

  for (const algorithm of ["sha512", "sha384"] as const) {
    it(`take ${algorithm}`, async () => {
      await using(async (storage) => {
        const digest = computeDigest("abc", algorithm);
        const { id } = await storage.startUpload("a");
        await storage.appendUpload("a", id, 0, bodyOf("abc"), most);
        assert.equal(await storage.finishUpload("a", id, computeDigest("x", algorithm)), "mismatch");
        assert.equal(await storage.finishUpload("a", id, digest), "stored");
        assert.equal(await readBlob(storage, "a", digest), "abc");
        assert.equal(await storage.blobSize("a", computeDigest("abc")), null);
      });
    });
  }

  it("are cancelled", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      await storage.appendUpload("a", id, 0, bodyOf("abc"), most);
      assert.equal(await storage.cancelUpload("a", id), true);
      assert.equal(await storage.cancelUpload("a", id), false);
      assert.equal(await storage.findUpload("a", id), null);
      assert.equal(await storage.appendUpload("a", id, 3, bodyOf("d"), most), "unknown");
    });
  });

  it("belong to their repository alone", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      assert.equal(await storage.findUpload("b", id), null);
      assert.equal(await storage.appendUpload("b", id, 0, bodyOf("x"), most), "unknown");
      assert.equal(await storage.finishUpload("b", id, computeDigest("")), "unknown");
      assert.equal(await storage.cancelUpload("b", id), false);
      assert.deepEqual(await storage.findUpload("a", id), { id, size: 0 });
    });
  });
}

export function uploadsAtOdds(using: Using): void {
  it("take no part that belongs elsewhere, and read nothing of it", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      await storage.appendUpload("a", id, 0, bodyOf("abc"), most);
      const unread = brokenBody("", new Error("was read"));
      assert.equal(await storage.appendUpload("a", id, 4, unread, most), "moved");
      assert.equal(await storage.appendUpload("a", id, 0, unread, most), "moved");
      assert.deepEqual(await storage.findUpload("a", id), { id, size: 3 });
    });
  });

  it("stay as they are when the digest is another", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      await storage.appendUpload("a", id, 0, bodyOf("ab"), most);
      assert.equal(await storage.finishUpload("a", id, computeDigest("abc")), "mismatch");
      assert.equal(await storage.blobSize("a", computeDigest("abc")), null);
      assert.deepEqual(await storage.appendUpload("a", id, 2, bodyOf("c"), most), { id, size: 3 });
      assert.equal(await storage.finishUpload("a", id, computeDigest("abc")), "stored");
    });
  });

  it("have one writer at a time", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      const { body, begun, release } = heldBody("ab", "cd");
      const first = storage.appendUpload("a", id, 0, body, most);
      await begun;
      assert.equal(await storage.appendUpload("a", id, 0, bodyOf("x"), most), "busy");
      assert.equal(await storage.appendUpload("a", id, 2, bodyOf("x"), most), "busy");
      assert.equal(await storage.finishUpload("a", id, computeDigest("ab")), "busy");
      release();
      assert.deepEqual(await first, { id, size: 4 });
      assert.equal(await storage.finishUpload("a", id, computeDigest("abcd")), "stored");
    });
  });

  it("are gone after a cancellation under a writer", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      const { body, begun, release } = heldBody("ab", "cd");
      const first = storage.appendUpload("a", id, 0, body, most);
      await begun;
      await storage.cancelUpload("a", id);
      release();
      await Promise.allSettled([first]);
      await storage.cancelUpload("a", id);
      assert.equal(await storage.findUpload("a", id), null);
    });
  });

  it("keep what arrived of a body that breaks off, and hand on its error", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      const cut = new Error("the client went away");
      await assert.rejects(storage.appendUpload("a", id, 0, brokenBody("abc", cut), most), cut);
      assert.deepEqual(await storage.findUpload("a", id), { id, size: 3 });
      assert.deepEqual(await storage.appendUpload("a", id, 3, bodyOf("d"), most), { id, size: 4 });
      assert.equal(await storage.finishUpload("a", id, computeDigest("abcd")), "stored");
    });
  });

  it("are as before when the body is beyond the limit", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      await storage.appendUpload("a", id, 0, bodyOf("abc"), 5);
      const tooLarge = (error: unknown) => error instanceof StorageFailure && error.problem === "too-large";
      await assert.rejects(storage.appendUpload("a", id, 3, bodyOf("d", "ef"), 5), tooLarge);
      assert.deepEqual(await storage.findUpload("a", id), { id, size: 3 });
      assert.deepEqual(await storage.appendUpload("a", id, 3, bodyOf("de"), 5), { id, size: 5 });
      assert.equal(await storage.finishUpload("a", id, computeDigest("abcde")), "stored");
    });
  });

  it("own their bytes: a buffer of the body may be used again", async () => {
    await using(async (storage) => {
      const { id } = await storage.startUpload("a");
      async function* reused(): AsyncGenerator<Buffer> {
        const buffer = Buffer.from("ab");
        yield buffer;
        buffer.write("cd");
        yield buffer;
        buffer.fill(0);
      }
      await storage.appendUpload("a", id, 0, reused(), most);
      assert.equal(await storage.finishUpload("a", id, computeDigest("abcd")), "stored");
      assert.equal(await readBlob(storage, "a", computeDigest("abcd")), "abcd");
    });
  });
}

export function blobs(using: Using): void {
  it("are read at any position", async () => {
    await using(async (storage) => {
      const digest = await putBlob(storage, "a", "0123456789");
      const reader = await storage.openBlob("a", digest);
      assert.ok(reader !== null);
      assert.equal(reader.size, 10);
      const four = Buffer.alloc(4);
      assert.equal(await reader.read(four, 3), 4);
      assert.equal(four.toString(), "3456");
      assert.equal(await reader.read(four, 8), 2);
      assert.equal(four.toString("latin1", 0, 2), "89");
      assert.equal(await reader.read(four, 10), 0);
      await reader.close();
    });
  });

  it("belong to the repositories that they were pushed or linked to", async () => {
    await using(async (storage) => {
      const digest = await putBlob(storage, "a", "abc");
      assert.equal(await storage.blobSize("b", digest), null);
      assert.equal(await storage.openBlob("b", digest), null);
      assert.equal(await storage.linkBlob("b", digest, "c"), false);
      assert.equal(await storage.blobSize("b", digest), null);
      assert.equal(await storage.linkBlob("b", digest, "a"), true);
      assert.equal(await storage.linkBlob("b", digest, "a"), true);
      assert.equal(await storage.linkBlob("c", digest, null), true);
      assert.equal(await storage.linkBlob("c", none, null), false);
      assert.equal(await storage.linkBlob("c", none, "a"), false);
      assert.equal(await readBlob(storage, "b", digest), "abc");
      assert.equal(await storage.blobSize("c", digest), 3);
    });
  });

  it("are taken from one repository alone", async () => {
    await using(async (storage) => {
      const digest = await putBlob(storage, "a", "abc");
      await storage.linkBlob("b", digest, "a");
      assert.equal(await storage.unlinkBlob("a", digest), true);
      assert.equal(await storage.unlinkBlob("a", digest), false);
      assert.equal(await storage.blobSize("a", digest), null);
      assert.equal(await storage.openBlob("a", digest), null);
      assert.equal(await readBlob(storage, "b", digest), "abc");
      assert.equal(await putBlob(storage, "a", "abc"), digest);
      assert.equal(await readBlob(storage, "a", digest), "abc");
    });
  });

  it("stay readable for whoever has them open", async () => {
    await using(async (storage) => {
      const digest = await putBlob(storage, "a", "abcdef");
      const reader = await storage.openBlob("a", digest);
      assert.ok(reader !== null);
      await storage.unlinkBlob("a", digest);
      const bytes = Buffer.alloc(6);
      assert.equal(await reader.read(bytes, 0), 6);
      assert.equal(bytes.toString(), "abcdef");
      await reader.close();
    });
  });

  it("are pushed twice without harm", async () => {
    await using(async (storage) => {
      await putBlob(storage, "a", "abc");
      assert.equal(await readBlob(storage, "a", await putBlob(storage, "a", "abc")), "abc");
      assert.equal(await readBlob(storage, "b", await putBlob(storage, "b", "abc")), "abc");
    });
  });
}

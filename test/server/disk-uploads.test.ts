import assert from "node:assert/strict";
import { link } from "node:fs/promises";
import { test } from "node:test";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import { collectGarbage } from "../../src/server/disk/gc.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import { StorageFailure } from "../../src/server/storage.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { createDiskWorld } from "./disk-world.ts";

const content = Buffer.from("a layer that two pushers have");
const digest = computeDigest(content);

async function* bodyOf(bytes: Buffer) {
  yield bytes;
}

async function uploaded(storage: DiskStorage, repository: string): Promise<string> {
  const { id } = await storage.startUpload(repository);
  await storage.appendUpload(repository, id, 0, bodyOf(content), Number.MAX_SAFE_INTEGER);
  return id;
}

async function readBlob(storage: DiskStorage, repository: string, wanted: Digest): Promise<string> {
  const reader = await storage.openBlob(repository, wanted);
  assert.ok(reader !== null);
  const bytes = Buffer.alloc(reader.size);
  await reader.read(bytes, 0);
  await reader.close();
  return bytes.toString();
}

/** More bytes for a file that has the name of a blob would be bytes of the blob. */
async function assertTakesNoMore(storage: DiskStorage, id: string): Promise<void> {
  const more = bodyOf(Buffer.from("more"));
  assert.equal(
    await storage.appendUpload("mine", id, content.length, more, Number.MAX_SAFE_INTEGER),
    "unknown",
  );
  assert.equal(await readBlob(storage, "theirs", digest), content.toString());
  assert.equal(await storage.finishUpload("mine", id, digest), "stored");
  assert.equal(await readBlob(storage, "mine", digest), content.toString());
  assert.deepEqual(await verifyStorage(storage), { ok: true, blobs: 1, damaged: [] });
}

test("an upload that was killed between becoming a blob and its end takes no more bytes", async () => {
  await using world = await createDiskWorld();
  const first = await world.open();
  const id = await uploaded(first, "mine");
  // What the first step of finishing does, and then the power goes; somebody else's push finds the blob there.
  await link(`${world.path}/uploads/mine/${id}`, `${world.path}/blobs/sha256/${digest.slice(7)}`);
  assert.equal(await first.linkBlob("theirs", digest, null), true);
  await first.close();
  const again = await world.open();
  assert.deepEqual(await again.findUpload("mine", id), { id, size: content.length });
  await assertTakesNoMore(again, id);
  assert.equal(await again.findUpload("mine", id), null);
});

test("nor does one whose end failed half way in a server that goes on", async () => {
  await using world = await createDiskWorld();
  const files = createStoreFiles();
  let broken = false;
  const storage = await world.open({
    files: {
      ...files,
      syncFolder: async (path) => {
        if (broken) throw Object.assign(new Error("input/output error"), { code: "EIO" });
        await files.syncFolder(path);
      },
    },
  });
  const other = await uploaded(storage, "theirs");
  const id = await uploaded(storage, "mine");
  broken = true;
  await assert.rejects(storage.finishUpload("mine", id, digest), StorageFailure);
  broken = false;
  assert.equal(await storage.finishUpload("theirs", other, digest), "stored");
  await assertTakesNoMore(storage, id);
  assert.deepEqual(await collectGarbage(storage), { removed: 0, bytes: 0 });
});

/** The files of a storage: the real ones, and those that know what a power cut leaves, do the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StoreFiles } from "../../src/server/disk/files.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createVolatileFiles } from "./volatile-files.ts";

async function write(files: StoreFiles, path: string, text: string): Promise<void> {
  const file = await files.open(path, "create");
  assert.equal(await file.write([Buffer.from(text)], 0), text.length);
  await file.sync();
  await file.close();
}

const hasCode = (code: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === code;

function suite(
  make: () => Promise<{ files: StoreFiles; root: string; [Symbol.asyncDispose](): Promise<void> }>,
) {
  const using = (name: string, use: (files: StoreFiles, root: string) => Promise<void>) =>
    test(name, async () => {
      await using made = await make();
      await use(made.files, made.root);
    });

  using("are written, read, cut short", async (files, root) => {
    await write(files, `${root}/a`, "hello");
    await assert.rejects(files.open(`${root}/a`, "create"), hasCode("EEXIST"));
    await assert.rejects(files.open(`${root}/b`, "read"), hasCode("ENOENT"));
    await assert.rejects(files.open(`${root}/b`, "change"), hasCode("ENOENT"));
    const file = await files.open(`${root}/a`, "change");
    assert.equal(await file.write([Buffer.from("p!"), Buffer.from("?")], 3), 3);
    await file.truncate(5);
    const target = Buffer.alloc(4);
    assert.equal(await file.read(target, 2), 3);
    assert.equal(target.toString("latin1", 0, 3), "lp!");
    assert.equal(await file.read(target, 5), 0);
    await file.close();
    assert.equal((await files.read(`${root}/a`))?.toString(), "help!");
    assert.equal(await files.read(`${root}/b`), null);
  });

  using("have several names", async (files, root) => {
    await write(files, `${root}/a`, "x");
    await files.link(`${root}/a`, `${root}/b`);
    await assert.rejects(files.link(`${root}/a`, `${root}/b`), hasCode("EEXIST"));
    await assert.rejects(files.link(`${root}/c`, `${root}/d`), hasCode("ENOENT"));
    await assert.rejects(files.link(`${root}/a`, `${root}/no/d`), hasCode("ENOENT"));
    const [a, b] = [await files.stat(`${root}/a`), await files.stat(`${root}/b`)];
    assert.deepEqual([a?.links, a?.size, a?.inode], [2, 1, b?.inode]);
    await files.touch(`${root}/b`, 1_000_000);
    assert.equal((await files.stat(`${root}/a`))?.modifiedMs, 1_000_000);
    // Two names of one file: nothing happens.
    await files.rename(`${root}/a`, `${root}/b`);
    assert.deepEqual((await files.list(root)).toSorted(), ["a", "b"]);
    await write(files, `${root}/c`, "y");
    await files.rename(`${root}/c`, `${root}/b`);
    assert.equal((await files.stat(`${root}/a`))?.links, 1);
    assert.equal((await files.read(`${root}/b`))?.toString(), "y");
    assert.equal(await files.remove(`${root}/b`), true);
    assert.equal(await files.remove(`${root}/b`), false);
    assert.equal(files.has(`${root}/b`), false);
    assert.equal(await files.stat(`${root}/b`), null);
  });

  using("stand in folders", async (files, root) => {
    await files.makeFolder(`${root}/f`);
    await files.makeFolder(`${root}/f`);
    await assert.rejects(files.makeFolder(`${root}/g/h`), hasCode("ENOENT"));
    await write(files, `${root}/f/a`, "x");
    assert.equal(await files.removeFolder(`${root}/f`), false);
    await files.syncFolder(`${root}/f`);
    await files.remove(`${root}/f/a`);
    assert.equal(await files.removeFolder(`${root}/f`), true);
    assert.equal(await files.removeFolder(`${root}/f`), false);
    assert.deepEqual(await files.list(`${root}/f`), []);
    await assert.rejects(files.syncFolder(`${root}/f`), hasCode("ENOENT"));
  });
}

describe("real files", () =>
  suite(async () => {
    const home = await createTempHome();
    return {
      files: createStoreFiles(),
      root: home.path,
      [Symbol.asyncDispose]: async () => await home[Symbol.asyncDispose](),
    };
  }));

describe("files that lose what was not synced", () => {
  suite(async () => {
    const files = createVolatileFiles();
    await files.makeFolder("/root");
    return { files, root: "/root", [Symbol.asyncDispose]: async () => {} };
  });

  test("keep what was synced, and nothing else at worst", async () => {
    const files = createVolatileFiles();
    await files.makeFolder("/f");
    await files.syncFolder("/");
    await write(files, "/f/kept", "x");
    await files.syncFolder("/f");
    await write(files, "/f/nameless", "x");
    const file = await files.open("/f/kept", "change");
    await file.write([Buffer.from("longer")], 0);
    await files.remove("/f/kept");
    const left = files.cut(() => 0);
    assert.deepEqual(await left.list("/f"), ["kept"]);
    assert.equal((await left.read("/f/kept"))?.toString(), "x");
  });
});

import assert from "node:assert/strict";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createFiles } from "../../src/system/files.ts";
import { createTempHome } from "../support/temp-home.ts";

const files = createFiles();
const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

describe("read and list", () => {
  test("bytes, or null for what is not there", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "a");
    assert.equal(await files.read(path), null);
    assert.equal(await files.read(join(path, "below")), null);
    await writeFile(path, Buffer.from([0, 255]));
    assert.deepEqual(await files.read(path), Buffer.from([0, 255]));
    assert.equal(await files.read(join(path, "below-a-file")), null);
    await assert.rejects(files.read(home.path), { code: "EISDIR" });
  });

  test("names in order, or none", async () => {
    await using home = await createTempHome();
    assert.deepEqual(await files.list(join(home.path, "none")), []);
    for (const name of ["b", "a"]) await writeFile(join(home.path, name), "");
    assert.deepEqual(await files.list(home.path), ["a", "b"]);
  });
});

describe("write", () => {
  test("a new file: its mode exactly, folders 0700, nothing left beside it", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "x/y/file");
    await files.write(path, "text");
    assert.equal(await readFile(path, "utf8"), "text");
    assert.equal(await modeOf(path), 0o644);
    assert.equal(await modeOf(join(home.path, "x")), 0o700);
    await files.write(join(home.path, "x/secret"), "s", { mode: 0o600 });
    assert.equal(await modeOf(join(home.path, "x/secret")), 0o600);
    assert.deepEqual(await readdir(join(home.path, "x/y")), ["file"]);
  });

  test("an old file keeps its mode, whatever is asked", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "file");
    await writeFile(path, "old");
    await chmod(path, 0o2640);
    await files.write(path, "new", { mode: 0o600 });
    assert.equal(await modeOf(path), 0o2640);
    assert.equal(await readFile(path, "utf8"), "new");
  });

  test("an old file keeps its owner", {
    skip: process.geteuid?.() !== 0 && "only root gives files away",
  }, async () => {
    await using home = await createTempHome();
    const path = join(home.path, "file");
    await writeFile(path, "old");
    await chown(path, 12345, 23456);
    await chmod(path, 0o4755);
    await files.write(path, "new");
    const { uid, gid } = await stat(path);
    assert.deepEqual([uid, gid, await modeOf(path)], [12345, 23456, 0o4755]);
  });

  test("the file is replaced, not changed: who has it open sees the old text whole", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "file");
    await writeFile(path, "old");
    const before = await stat(path);
    await files.write(path, "new");
    assert.notEqual((await stat(path)).ino, before.ino);
  });

  for (const [name, target] of [
    ["absolute", (home: string) => join(home, "real/file")],
    ["relative", () => "real/file"],
    ["upward", () => "real/../real/./file"],
  ] as const) {
    test(`through a symlink (${name}), also a dangling one`, async () => {
      await using home = await createTempHome();
      const link = join(home.path, "link");
      await mkdir(join(home.path, "real"));
      await symlink(target(home.path), link);
      for (const content of ["one", "two"]) {
        await files.write(link, content);
        assert.ok((await lstat(link)).isSymbolicLink());
        assert.equal(await readFile(join(home.path, "real/file"), "utf8"), content);
      }
      assert.equal(await readlink(link), target(home.path));
    });
  }

  test("a chain of symlinks, and a circle", async () => {
    await using home = await createTempHome();
    await symlink("b", join(home.path, "a"));
    await symlink("c", join(home.path, "b"));
    await files.write(join(home.path, "a"), "end");
    assert.equal(await readFile(join(home.path, "c"), "utf8"), "end");
    await symlink("round", join(home.path, "round"));
    await assert.rejects(files.write(join(home.path, "round"), ""), { code: "ELOOP" });
  });

  test("a failed write leaves the old file and nothing beside it", async () => {
    await using home = await createTempHome();
    await mkdir(join(home.path, "folder"));
    await writeFile(join(home.path, "folder/kept"), "");
    await assert.rejects(files.write(join(home.path, "folder"), "x"));
    assert.deepEqual(await readdir(home.path), ["folder"]);
    assert.deepEqual(await readdir(join(home.path, "folder")), ["kept"]);
  });

  test("many writers at once: one of the texts, whole", async () => {
    await using home = await createTempHome();
    const path = join(home.path, "file");
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map((text) => files.write(path, text)));
    assert.ok(texts.includes(await readFile(path, "utf8")));
    assert.deepEqual(await readdir(home.path), ["file"]);
  });
});

test("append adds to the end, makes the file, and follows a symlink", async () => {
  await using home = await createTempHome();
  await symlink("real", join(home.path, "link"));
  await files.append(join(home.path, "link"), "a\n", { mode: 0o600 });
  await files.append(join(home.path, "link"), "b\n");
  assert.equal(await readFile(join(home.path, "real"), "utf8"), "a\nb\n");
  assert.equal(await modeOf(join(home.path, "real")), 0o600);
});

test("remove takes a file away, and does not mind when there is none", async () => {
  await using home = await createTempHome();
  await writeFile(join(home.path, "a"), "");
  await files.remove(join(home.path, "a"));
  await files.remove(join(home.path, "a"));
  assert.deepEqual(await readdir(home.path), []);
});

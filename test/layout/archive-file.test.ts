/** Packed archives, and machines that have no room, no right, or no patience. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ImageFileKind } from "../../src/layout/image-files.ts";
import { openImageReader, openImageWriter } from "../../src/layout/open.ts";
import { makeImage } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";
import { assertHolds, refuses, writeBlob, writeTree } from "./trees.ts";

const image = makeImage({ layers: [50_000, 300_000] });
const isRoot = process.getuid?.() === 0;

async function makeArchive(path: string): Promise<Buffer> {
  const writer = await openImageWriter("oci-archive", path, { overwrite: true });
  await writeTree(writer, image, "app");
  await writer.commit();
  return readFile(path);
}

/** Runs with temporary files in a folder of the test's own; it must be empty afterwards. */
async function withTemporary<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return await action();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    assert.deepEqual(await readdir(folder), []);
  }
}

describe("a packed archive", { timeout: 60_000 }, () => {
  for (const [name, pack] of [
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const) {
    test(`of ${name} is read, and leaves no file`, async () => {
      await using home = await createTempHome();
      const path = `${home.path}/image.tar.packed`;
      await mkdir(`${home.path}/tmp`);
      await writeFile(path, pack(await makeArchive(path)));
      await withTemporary(`${home.path}/tmp`, async () => {
        const reader = await openImageReader("oci-archive", path);
        await assertHolds(reader, image);
        await reader.close();
      });
    });

    test(`of ${name} that is cut off or damaged is refused`, async () => {
      await using home = await createTempHome();
      const path = `${home.path}/image.tar.packed`;
      await mkdir(`${home.path}/tmp`);
      const whole = pack(await makeArchive(path));
      const damaged = Buffer.from(whole);
      damaged.fill(0xff, 6, 60);
      for (const bytes of [whole.subarray(0, whole.length / 2), damaged]) {
        await writeFile(path, bytes);
        await withTemporary(`${home.path}/tmp`, () =>
          assert.rejects(openImageReader("oci-archive", path), refuses("CONTENT_BROKEN", "cut off")),
        );
      }
    });
  }

  test("that is no tar inside is refused", async () => {
    await using home = await createTempHome();
    await writeFile(`${home.path}/x`, gzipSync("no tar at all"));
    await assert.rejects(openImageReader("docker-archive", `${home.path}/x`), refuses("CONTENT_BROKEN"));
  });

  for (const [name, magic] of [
    ["xz", "fd377a585a00"],
    ["bzip2", "425a68393141"],
  ] as const) {
    test(`of ${name} is named, and not read`, async () => {
      await using home = await createTempHome();
      await writeFile(`${home.path}/x`, Buffer.from(magic, "hex"));
      await assert.rejects(openImageReader("oci-archive", `${home.path}/x`), refuses("CONTENT_BROKEN", name));
    });
  }
});

describe("a file that is no file", { timeout: 10_000 }, () => {
  test("a pipe is not waited for", async () => {
    await using home = await createTempHome();
    execFileSync("mkfifo", [`${home.path}/image.tar`]);
    await assert.rejects(
      openImageReader("oci-archive", `${home.path}/image.tar`),
      refuses("CONTENT_BROKEN", "regular"),
    );
    await mkdir(`${home.path}/layout`);
    execFileSync("mkfifo", [`${home.path}/layout/index.json`]);
    await assert.rejects(openImageReader("oci", `${home.path}/layout`), refuses("CONTENT_BROKEN", "regular"));
  });

  test("a file without right to it is said with its path", {
    skip: isRoot ? "root may read everything" : false,
  }, async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image.tar`;
    await writeFile(path, "");
    await chmod(path, 0);
    await assert.rejects(openImageReader("oci-archive", path), refuses("FILE_FAILED", path));
  });
});

describe("a full disk", {
  timeout: 60_000,
  skip: isRoot ? false : "needs root, for a small file system",
}, () => {
  const large = makeImage({ layers: [3 * 1024 * 1024], seed: "large" });

  async function onSmallDisk(action: (folder: string) => Promise<void>): Promise<void> {
    await using home = await createTempHome();
    const folder = `${home.path}/small`;
    await mkdir(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
    try {
      await action(folder);
    } finally {
      execFileSync("umount", [folder]);
    }
  }

  for (const kind of ["oci", "oci-archive", "docker-archive"] as const satisfies readonly ImageFileKind[]) {
    test(`${kind}: is said in a sentence, and what was there before is whole`, () =>
      onSmallDisk(async (folder) => {
        const path = `${folder}/image`;
        const first = await openImageWriter(kind, path, { overwrite: true });
        await writeTree(first, image, "app:1");
        await first.commit();
        const second = await openImageWriter(kind, path, { overwrite: true });
        const { digest, bytes } = large.layers[0] ?? assert.fail();
        const blob = await second.openBlob(digest, bytes.length);
        await assert.rejects(blob.write(bytes), refuses("FILE_FAILED", "the disk is full"));
        await blob.abort();
        await second.close();
        const reader = await openImageReader(kind, path);
        assert.equal(reader.entries.length, 1);
        await assertHolds(reader, image);
        await reader.close();
      }));
  }

  test("an archive goes on behind a blob that had no room", () =>
    onSmallDisk(async (folder) => {
      const writer = await openImageWriter("oci-archive", `${folder}/image`, { overwrite: true });
      const { digest, bytes } = large.layers[0] ?? assert.fail();
      await assert.rejects(writeBlob(writer, digest, bytes, bytes.length), refuses("FILE_FAILED", "full"));
      await writer.close();
      assert.deepEqual(await readdir(folder), []);
    }));

  test("an archive that unpacks to more than there is room for is stopped before the disk is full", () =>
    onSmallDisk(async (folder) => {
      await using home = await createTempHome();
      const path = `${home.path}/bomb.tar.gz`;
      await writeFile(path, gzipSync(Buffer.alloc(50 * 1024 * 1024)));
      await withTemporary(folder, () =>
        assert.rejects(openImageReader("oci-archive", path), refuses("FILE_FAILED", "TMPDIR")),
      );
    }));
});

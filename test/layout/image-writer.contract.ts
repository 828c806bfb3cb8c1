/** What every kind of ImageWriter keeps, whatever it writes to. */
import assert from "node:assert/strict";
import { cp, readdir } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import type { ImageFileKind } from "../../src/layout/image-files.ts";
import { openImageReader, openImageWriter } from "../../src/layout/open.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { makeBytes, makeImage } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";
import { assertHolds, refuses, writeBlob, writeContent, writeTree } from "./trees.ts";

const image = makeImage({ layers: [0, 1000, 70_000] });
const other = makeImage({ seed: "other" });

export function describeImageWriter(kind: ImageFileKind): void {
  const open = (path: string, overwrite = true) => openImageWriter(kind, path, { overwrite });

  test("what was written is read again, byte for byte", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image`;
    const writer = await open(path);
    await writeTree(writer, image, "app:1");
    await writeTree(writer, other, "app:2");
    await writer.commit();
    await writer.close();
    const reader = await openImageReader(kind, path);
    assert.equal(reader.name, `${kind}:${path}`);
    assert.deepEqual(
      reader.entries.map(({ descriptor, names }) => [descriptor.digest, names[0]]),
      [
        [image.manifest.digest, "app:1"],
        [other.manifest.digest, "app:2"],
      ],
    );
    await assertHolds(reader, image);
    await assertHolds(reader, other);
    await reader.close();
  });

  test("a blob is read from any byte on, and what is not there is said", async () => {
    await using home = await createTempHome();
    const writer = await open(`${home.path}/image`);
    await writeTree(writer, image, null);
    await writer.commit();
    const reader = await openImageReader(kind, `${home.path}/image`);
    assert.deepEqual(reader.entries[0]?.names, []);
    const { digest, bytes } = image.layers[2] ?? assert.fail();
    for (const start of [1, 512, bytes.length - 1, bytes.length]) {
      assert.ok(
        (await buffer(await reader.openBlob(digest, start))).equals(bytes.subarray(start)),
        `${start}`,
      );
    }
    const missing = computeDigest("missing");
    assert.equal(await reader.blobSize(missing), null);
    await assert.rejects(reader.openBlob(missing), refuses("NOT_FOUND", missing));
    await assert.rejects(reader.readManifest(missing), refuses("NOT_FOUND", missing));
    await reader.close();
  });

  test("without commit, readers see nothing of it", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image`;
    const first = await open(path);
    await writeTree(first, image, "app:1");
    await first.commit();
    await first.close();
    const second = await open(path);
    await writeTree(second, other, "app:1");
    await second.close();
    await second.close();
    const reader = await openImageReader(kind, path);
    assert.deepEqual(
      reader.entries.map(({ descriptor }) => descriptor.digest),
      [image.manifest.digest],
    );
    await assertHolds(reader, image);
    await reader.close();
    assert.deepEqual(await readdir(home.path), ["image"]);
  });

  test("a name moves to what got it last", async () => {
    await using home = await createTempHome();
    const writer = await open(`${home.path}/image`);
    await writeTree(writer, image, "app:1");
    await writeTree(writer, other, "app:1");
    await writer.commit();
    const reader = await openImageReader(kind, `${home.path}/image`);
    const named = reader.entries.filter(({ names }) => names.includes("app:1"));
    assert.deepEqual(
      named.map(({ descriptor }) => descriptor.digest),
      [other.manifest.digest],
    );
    await reader.close();
  });

  test("wrong bytes are refused and leave nothing, the next ones are taken", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image`;
    const writer = await open(path);
    const right = makeBytes(5000, "right");
    const digest = computeDigest(right);
    const wrong = await writer.openBlob(digest, 5000);
    await wrong.write(makeBytes(5000, "wrong"));
    await assert.rejects(wrong.finish(), refuses("DIGEST_MISMATCH"));
    const long = await writer.openBlob(digest, 5000);
    assert.equal(long.offset, 0);
    await long.write(right);
    await assert.rejects(long.write(Buffer.from("!")), refuses("DIGEST_MISMATCH"));
    await long.abort();
    const short = await writer.openBlob(digest, 5000);
    assert.equal(short.offset, 0);
    await short.write(right.subarray(0, 4999));
    await assert.rejects(short.finish(), refuses("DIGEST_MISMATCH"));
    assert.equal(await writer.blobSize(digest), null);
    await assert.rejects(writer.putBytes(digest, Buffer.from("wrong")), refuses("DIGEST_MISMATCH"));
    await writeBlob(writer, digest, right);
    assert.equal(await writer.blobSize(digest), 5000);
    await writeTree(writer, image, "app:1");
    await writer.commit();
    const reader = await openImageReader(kind, path);
    assert.ok((await buffer(await reader.openBlob(digest))).equals(right));
    await assertHolds(reader, image);
    await reader.close();
  });

  test("two who bring the same blob at once do not harm each other", async () => {
    await using home = await createTempHome();
    const writer = await open(`${home.path}/image`);
    await Promise.all([
      writeContent(writer, image),
      writeContent(writer, image),
      writeContent(writer, other),
    ]);
    await writer.addEntry(image.manifest.descriptor, "app:1");
    await writer.commit();
    const reader = await openImageReader(kind, `${home.path}/image`);
    await assertHolds(reader, image);
    await assertHolds(reader, other);
    await reader.close();
  });

  test("an entry must have been written", async () => {
    await using home = await createTempHome();
    const writer = await open(`${home.path}/image`);
    await assert.rejects(writer.addEntry(image.manifest.descriptor, "app:1"), refuses("NOT_FOUND"));
    await writer.close();
  });

  test("a path that cannot be is said with its path", async () => {
    await using home = await createTempHome();
    await cp(import.meta.filename, `${home.path}/file`);
    const inFile = `${home.path}/file/image`;
    const attempt = async () => {
      const writer = await open(inFile);
      await writeContent(writer, image);
    };
    await assert.rejects(attempt(), refuses("FILE_FAILED", `${home.path}/file`));
    await assert.rejects(
      openImageReader(kind, `${home.path}/none`),
      refuses("NOT_FOUND", `${home.path}/none`),
    );
  });
}

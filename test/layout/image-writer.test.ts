/** The contract of writers, kept by each kind; and what archives add to it. */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { ImageFileKind } from "../../src/layout/image-files.ts";
import { openImageReader, openImageWriter } from "../../src/layout/open.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { createTempHome } from "../support/temp-home.ts";
import { describeImageWriter } from "./image-writer.contract.ts";
import { assertHolds, refuses, writeContent, writeTree } from "./trees.ts";

const image = makeImage();
const kinds: readonly ImageFileKind[] = ["oci", "oci-archive", "docker-archive"];

for (const kind of kinds) describe(`writer of ${kind}`, { timeout: 60_000 }, () => describeImageWriter(kind));

for (const kind of ["oci-archive", "docker-archive"] as const) {
  describe(`file of ${kind}`, { timeout: 60_000 }, () => {
    test("is not overwritten unasked, also when it appears meanwhile", async () => {
      await using home = await createTempHome();
      const path = `${home.path}/image.tar`;
      const writer = await openImageWriter(kind, path, { overwrite: false });
      await writeTree(writer, image, "app:1");
      await writeFile(path, "somebody's");
      await assert.rejects(writer.commit(), refuses("FILE_EXISTS", path));
      await writer.close();
      await assert.rejects(openImageWriter(kind, path, { overwrite: false }), refuses("FILE_EXISTS", path));
      assert.equal(await readFile(path, "utf8"), "somebody's");
      assert.deepEqual(await readdir(home.path), ["image.tar"]);
    });

    test("is equal for equal content, keeps the mode, and a link stays a link", async () => {
      await using home = await createTempHome();
      await mkdir(`${home.path}/real`);
      await writeFile(`${home.path}/real/image.tar`, "old");
      await chmod(`${home.path}/real/image.tar`, 0o640);
      await symlink("real/image.tar", `${home.path}/link`);
      for (const path of [`${home.path}/link`, `${home.path}/new`]) {
        const writer = await openImageWriter(kind, path, { overwrite: true });
        for (const [digest, bytes] of image.blobs) await writer.putBytes(digest, bytes);
        await writer.putBytes(image.manifest.digest, image.manifest.bytes);
        await writer.addEntry(image.manifest.descriptor, "app:1");
        await writer.commit();
      }
      const { mode } = await stat(`${home.path}/real/image.tar`);
      assert.equal(mode & 0o777, 0o640);
      assert.ok((await readFile(`${home.path}/link`)).equals(await readFile(`${home.path}/new`)));
      assert.deepEqual(await readdir(`${home.path}/real`), ["image.tar"]);
    });

    test("is a regular one", async () => {
      await using home = await createTempHome();
      const open = (path: string) => openImageWriter(kind, path, { overwrite: true });
      await assert.rejects(open(home.path), refuses("FILE_FAILED", "folder"));
      await assert.rejects(open("/dev/null"), refuses("FILE_FAILED", "regular"));
      await assert.rejects(
        open(`${home.path}/none/image.tar`),
        refuses("FILE_FAILED", "its folder is not there"),
      );
    });

    test("takes one blob at a time, and nobody waits for ever when it is closed", async () => {
      await using home = await createTempHome();
      const writer = await openImageWriter(kind, `${home.path}/image.tar`, { overwrite: true });
      const [first, second] = image.layers;
      assert.ok(first && second);
      const blob = await writer.openBlob(first.digest, first.bytes.length);
      const waiting = writer.openBlob(second.digest, second.bytes.length);
      const never = assert.rejects(waiting, refuses("INTERNAL", "closed"));
      await assert.rejects(writer.commit(), refuses("INTERNAL"));
      await writer.close();
      await never;
      await assert.rejects(blob.write(first.bytes));
      await blob.abort();
      assert.deepEqual(await readdir(home.path), []);
    });
  });
}

describe("docker-archive, written", () => {
  test("has a manifest.json that engines load, with all names of an image", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image.tar`;
    const writer = await openImageWriter("docker-archive", path, { overwrite: true });
    await writeTree(writer, image, "app");
    await writer.addEntry(image.manifest.descriptor, "reg.example:5000/team/app:2");
    await writer.commit();
    const reader = await openImageReader("docker-archive", path);
    assert.deepEqual(
      reader.entries.map(({ names }) => names),
      [["app:latest"], ["reg.example:5000/team/app:2"]],
    );
    await assertHolds(reader, image);
    await reader.close();
    const layout = await openImageReader("oci-archive", path);
    assert.deepEqual(
      layout.entries.map(({ names }) => names),
      [
        ["latest", "docker.io/library/app:latest"],
        ["2", "reg.example:5000/team/app:2"],
      ],
    );
    await layout.close();
    const text = (await readFile(path)).toString("latin1");
    const blob = (digest: string) => `blobs/sha256/${digest.slice(7)}`;
    const expected = JSON.stringify([
      {
        Config: blob(image.config.digest),
        RepoTags: ["app:latest", "reg.example:5000/team/app:2"],
        Layers: image.layers.map(({ digest }) => blob(digest)),
      },
    ]);
    assert.ok(text.includes(expected), "manifest.json");
  });

  test("one tag of two repositories is two names", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/image.tar`;
    const other = makeImage({ seed: "other" });
    const writer = await openImageWriter("docker-archive", path, { overwrite: true });
    await writeTree(writer, image, "one:latest");
    await writeTree(writer, other, "two:latest");
    await writer.commit();
    const reader = await openImageReader("docker-archive", path);
    assert.deepEqual(
      reader.entries.map(({ names, descriptor }) => [names, descriptor.digest]),
      [
        [["one:latest"], image.manifest.digest],
        [["two:latest"], other.manifest.digest],
      ],
    );
    await reader.close();
  });

  test("takes no index, and names the platforms to choose from; no artifact; no name that engines refuse", async () => {
    await using home = await createTempHome();
    const writer = await openImageWriter("docker-archive", `${home.path}/x`, { overwrite: true });
    const index = makeIndex([image, makeImage({ platform: "linux/arm64", seed: "arm" })]);
    await writeContent(writer, index);
    await assert.rejects(
      writer.addEntry(index.manifest.descriptor, "app:1"),
      refuses("USAGE", "linux/amd64, linux/arm64"),
    );
    await assert.rejects(
      writer.addEntry(image.manifest.descriptor, "App:1"),
      refuses("BAD_REFERENCE", "App:1"),
    );
    const halved = await openImageWriter("docker-archive", `${home.path}/y`, { overwrite: true });
    await halved.putBytes(image.manifest.digest, image.manifest.bytes);
    await assert.rejects(halved.addEntry(image.manifest.descriptor, "app:1"), refuses("NOT_FOUND"));
    await writer.close();
    await halved.close();
  });
});

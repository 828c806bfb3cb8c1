/** Archives of `docker save`, old and new, of other tools, and such that lie. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ImageReader } from "../../src/layout/image-files.ts";
import { openImageReader } from "../../src/layout/open.ts";
import { encodeTarHeader, tarEnd } from "../../src/layout/tar-format.ts";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { type MadeImage, makeImage, makeIndex, makeTar } from "../support/image-maker.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { assertHolds, refuses } from "./trees.ts";

const hex = (digest: Digest) => digest.slice(7);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
type Files = Record<string, Buffer>;

async function open(home: TempHome, tar: Buffer): Promise<ImageReader> {
  const path = `${home.path}/saved.tar`;
  await writeFile(path, tar);
  return openImageReader("docker-archive", path);
}

/** As Docker up to 24 lays it out: a folder for each layer, with a file of its own invention as its name. */
function oldFiles(image: MadeImage, tags: readonly string[] | null, id: (index: number) => string): Files {
  const layers = image.layers.map((_, index) => `${id(index)}/layer.tar`);
  return {
    [`${hex(image.config.digest)}.json`]: image.config.bytes,
    ...Object.fromEntries(layers.map((path, index) => [path, image.layers[index]?.bytes ?? assert.fail()])),
    "manifest.json": json([{ Config: `${hex(image.config.digest)}.json`, RepoTags: tags, Layers: layers }]),
  };
}

const plain = makeImage({ compression: "none", format: "docker" });
const v1Id = (index: number) => computeDigest(`v1 ${index}`).slice(7);

/** The manifest that stands for an image whose layers are plain tars: written by hand after moby v25, save.go. */
function manifestOf(image: MadeImage): string {
  const point = (mediaType: string, { digest, bytes }: { digest: Digest; bytes: Buffer }) =>
    `{"mediaType":"${mediaType}","digest":"${digest}","size":${bytes.length}}`;
  const layers = image.layers.map((layer) => point("application/vnd.oci.image.layer.v1.tar", layer));
  return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":${point(
    "application/vnd.oci.image.config.v1+json",
    image.config,
  )},"layers":[${layers.join(",")}]}`;
}

describe("docker-archive, as Docker up to 24 saves it", { timeout: 30_000 }, () => {
  test("gives a manifest of config and layers as they are, the same each time", async () => {
    await using home = await createTempHome();
    const reader = await open(home, makeTar(oldFiles(plain, ["app:1", "reg.example:5000/app:2"], v1Id)));
    const expected = Buffer.from(manifestOf(plain));
    const descriptor = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: computeDigest(expected),
      size: expected.length,
    };
    assert.deepEqual(reader.entries, [
      { descriptor, names: ["app:1"] },
      { descriptor, names: ["reg.example:5000/app:2"] },
    ]);
    assert.ok((await reader.readManifest(descriptor.digest)).equals(expected));
    assert.equal(await reader.blobSize(descriptor.digest), expected.length);
    await assertHolds(reader, { ...plain, manifests: new Map() });
    await reader.close();
  });

  test("its layers may be links to others, its image may have no name and no layer", async () => {
    await using home = await createTempHome();
    const layer = plain.layers[0]?.bytes ?? assert.fail();
    const twice = makeImage({ layers: [layer, layer, layer] });
    const empty = makeImage({ layers: [], seed: "scratch" });
    const config = `${hex(twice.config.digest)}.json`;
    const scratch = `${hex(empty.config.digest)}.json`;
    const linkTo = (path: string, target: string, flag: string) => {
      const block = encodeTarHeader(path, 0);
      block.write(flag, 156);
      block.write(target, 157);
      block.write("        ", 148);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      return block;
    };
    const list = json([
      { Config: config, RepoTags: null, Layers: ["a/layer.tar", "b/layer.tar", "c/layer.tar"] },
      { Config: scratch, RepoTags: ["scratch:1", "<none>:<none>"], Layers: null },
    ]);
    const files = { "a/layer.tar": layer, [config]: twice.config.bytes, [scratch]: empty.config.bytes };
    const reader = await open(
      home,
      Buffer.concat([
        linkTo("b/layer.tar", "../a/layer.tar", "2"),
        linkTo("c/layer.tar", "a/layer.tar", "1"),
        makeTar({ ...files, "manifest.json": list }),
      ]),
    );
    assert.deepEqual(
      reader.entries.map(({ names }) => names),
      [[], ["scratch:1"]],
    );
    await assertHolds(reader, { ...twice, manifests: new Map() });
    await reader.close();
  });

  test("packed layers (Kaniko, crane) are taken as they are, by the digest of what is packed", async () => {
    await using home = await createTempHome();
    const [first, second] = plain.layers;
    assert.ok(first && second);
    const packed = makeImage({ layers: [gzipSync(first.bytes), second.bytes] });
    const zstd = zstdCompressSync(second.bytes);
    const files = oldFiles(packed, ["app:1"], v1Id);
    files[`${v1Id(1)}/layer.tar`] = zstd;
    const reader = await open(home, makeTar(files));
    const digest = reader.entries[0]?.descriptor.digest ?? assert.fail();
    const manifest = parseManifest(await reader.readManifest(digest), null, "it");
    assert.ok(manifest.kind === "image");
    assert.deepEqual(
      manifest.layers.map(({ mediaType, digest: of, size }) => [mediaType.split("tar")[1], of, size]),
      [
        ["+gzip", packed.layers[0]?.digest, packed.layers[0]?.bytes.length],
        ["+zstd", computeDigest(zstd), zstd.length],
      ],
    );
    await assertHolds(reader, {
      ...packed,
      manifests: new Map(),
      blobs: new Map([[computeDigest(zstd), zstd]]),
    });
    await reader.close();
  });
});

/** As Docker 25 and later save it; `tags` in the annotations of its index. */
function newFiles(image: MadeImage, tags: readonly (readonly [whole: string, tag: string])[]): Files {
  const blob = (digest: Digest) => `blobs/sha256/${hex(digest)}`;
  const descriptors = tags.map(([whole, tag]) => ({
    ...image.manifest.descriptor,
    annotations: { "io.containerd.image.name": whole, "org.opencontainers.image.ref.name": tag },
  }));
  return {
    ...Object.fromEntries([...image.blobs].map(([digest, bytes]) => [blob(digest), bytes])),
    [blob(image.manifest.digest)]: image.manifest.bytes,
    "index.json": json({
      schemaVersion: 2,
      manifests: tags.length === 0 ? [image.manifest.descriptor] : descriptors,
    }),
    "manifest.json": json([
      {
        Config: blob(image.config.digest),
        RepoTags: ["from-list:1"],
        Layers: image.layers.map(({ digest }) => blob(digest)),
      },
    ]),
    "oci-layout": json({ imageLayoutVersion: "1.0.0" }),
  };
}

describe("docker-archive with an OCI index in it", { timeout: 30_000 }, () => {
  const image = makeImage();

  test("keeps the manifests to the byte, and has the names of the index", async () => {
    await using home = await createTempHome();
    const tags = [
      ["docker.io/library/app:1", "1"],
      ["reg.example:5000/app:2", "2"],
    ] as const;
    const reader = await open(home, makeTar(newFiles(image, tags)));
    assert.deepEqual(
      reader.entries.map(({ names, descriptor }) => [names, descriptor.digest]),
      [
        [["app:1"], image.manifest.digest],
        [["reg.example:5000/app:2"], image.manifest.digest],
      ],
    );
    await assertHolds(reader, image);
    await reader.close();
  });

  test("has the names of manifest.json where the index names none", async () => {
    await using home = await createTempHome();
    const reader = await open(home, makeTar(newFiles(image, [])));
    assert.deepEqual(
      reader.entries.map(({ names }) => names),
      [["from-list:1"]],
    );
    await reader.close();
  });

  test("holds an index of several platforms when the containerd store saved it", async () => {
    await using home = await createTempHome();
    const index = makeIndex([image, makeImage({ platform: "linux/arm64", seed: "arm" })]);
    const files = newFiles(image, []);
    const blobs = [
      ...index.blobs,
      ...[...index.manifests].map(([digest, { bytes }]) => [digest, bytes] as const),
    ];
    for (const [digest, bytes] of blobs) files[`blobs/sha256/${hex(digest)}`] = bytes;
    files["index.json"] = json({
      manifests: [
        {
          ...index.manifest.descriptor,
          annotations: { "io.containerd.image.name": "docker.io/library/app:1" },
        },
      ],
    });
    const reader = await open(home, makeTar(files));
    assert.deepEqual(reader.entries[0]?.names, ["app:1"]);
    assert.equal(reader.entries[0]?.descriptor.digest, index.manifest.digest);
    await assertHolds(reader, index);
    await reader.close();
  });
});

describe("an archive that lies", { timeout: 30_000 }, () => {
  const files = oldFiles(plain, ["app:1"], v1Id);
  const config = `${hex(plain.config.digest)}.json`;
  const list = (changes: object) =>
    json([
      {
        Config: config,
        RepoTags: ["app:1"],
        Layers: [`${v1Id(0)}/layer.tar`, `${v1Id(1)}/layer.tar`],
        ...changes,
      },
    ]);
  const cases: Readonly<Record<string, readonly [changes: Files, problem: string]>> = {
    "a list that is none": [{ "manifest.json": json({}) }, "no list"],
    "a list that is no JSON": [{ "manifest.json": Buffer.from("[") }, "no list"],
    "an endless list": [{ "manifest.json": Buffer.alloc(9 * 1024 * 1024, " ") }, "more than"],
    "a list of too many images": [
      { "manifest.json": json(Array.from({ length: 1001 }, () => ({}))) },
      "1000",
    ],
    "an image without config": [{ "manifest.json": list({ Config: null }) }, "image 1"],
    "a config that climbs out": [{ "manifest.json": list({ Config: "../../etc/passwd" }) }, "outside"],
    "a config that is not there": [{ "manifest.json": list({ Config: "none.json" }) }, "not there"],
    "a config of other content": [{ [config]: json({ rootfs: {} }) }, "its content is"],
    "a layer that is not there": [{ "manifest.json": list({ Layers: ["a", "b"] }) }, "not there"],
    "a layer too few": [{ "manifest.json": list({ Layers: [`${v1Id(0)}/layer.tar`] }) }, "2 layers"],
    "a layer that is no text": [{ "manifest.json": list({ Layers: [1, 2] }) }, "image 1"],
    "an index that is none": [{ "index.json": json({ config: {} }) }, "index.json"],
    "an endless index": [{ "index.json": Buffer.alloc(9 * 1024 * 1024, " ") }, "more than"],
    "a layout of another version": [{ "oci-layout": json({ imageLayoutVersion: "2.0.0" }) }, "2.0.0"],
  };
  for (const [name, [changes, problem]] of Object.entries(cases)) {
    test(`${name} is refused in a sentence`, async () => {
      await using home = await createTempHome();
      await assert.rejects(open(home, makeTar({ ...files, ...changes })), refuses("CONTENT_BROKEN", problem));
    });
  }

  test("a layer of other content is given as what the config calls it: whoever verifies it notices", async () => {
    await using home = await createTempHome();
    const changed = { ...files, [`${v1Id(0)}/layer.tar`]: makeTar({ other: Buffer.from("other") }) };
    const reader = await open(home, makeTar(changed));
    await assert.rejects(assertHolds(reader, { ...plain, manifests: new Map() }));
    await reader.close();
  });

  test("no archive of images is said to be none, and what it may be", async () => {
    await using home = await createTempHome();
    const path = `${home.path}/x.tar`;
    await assert.rejects(
      open(home, makeTar({ etc: Buffer.alloc(1) })),
      refuses("CONTENT_BROKEN", "no manifest.json"),
    );
    await assert.rejects(
      open(home, makeTar({ repositories: json({}) })),
      refuses("CONTENT_BROKEN", "before 1.10"),
    );
    await writeFile(path, makeTar(files));
    await assert.rejects(
      openImageReader("oci-archive", path),
      refuses("CONTENT_BROKEN", "docker-archive:FILE"),
    );
    await writeFile(path, Buffer.concat([tarEnd, tarEnd]));
    await assert.rejects(openImageReader("oci-archive", path), refuses("CONTENT_BROKEN", "no OCI layout"));
    await assert.rejects(openImageReader("oci", path), refuses("FILE_FAILED", "oci-archive:FILE"));
    await assert.rejects(openImageReader("oci-archive", home.path), refuses("CONTENT_BROKEN", "folder"));
  });
});

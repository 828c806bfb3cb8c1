import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { it } from "node:test";
import { readTarStream } from "../../src/layout/tar-stream.ts";
import { chainIdsOf, placeOfFolder } from "../../src/publish/old-layer-id.ts";
import { parseImageConfig } from "../../src/registry/config.ts";

const path = new URL("../fixtures/publish/save-20.10.tar", import.meta.url);

async function readFixture() {
  const tar = await readFile(path);
  const files = new Map<string, Buffer>();
  for await (const part of readTarStream(once(tar), "a test")) {
    if (part.type === "0") files.set(part.path, await buffer(part.content));
  }
  const list = JSON.parse(String(files.get("manifest.json")))[0] as { Config: string; Layers: string[] };
  const { diffIds } = parseImageConfig(files.get(list.Config) ?? Buffer.alloc(0), "a test");
  return { files, diffIds, folders: list.Layers.map((layer) => layer.replace("/layer.tar", "")) };
}

async function* once(bytes: Buffer) {
  yield bytes;
}

it("a folder of docker 20.10 tells its place, also where one layer lies twice", async () => {
  const { files, diffIds, folders } = await readFixture();
  const places = folders.map((folder) =>
    placeOfFolder(folder, files.get(`${folder}/json`) ?? Buffer.alloc(0), diffIds),
  );
  assert.deepEqual(places, [0, 1, 2]);
});

it("what says nothing that fits tells nothing", async () => {
  const { files, diffIds, folders } = await readFixture();
  const [folder = ""] = folders;
  const json = files.get(`${folder}/json`) ?? Buffer.alloc(0);
  const [first, ...rest] = diffIds;
  assert.ok(first !== undefined);
  assert.equal(placeOfFolder(folder, json, rest), null);
  assert.equal(placeOfFolder(folder, Buffer.from("{}"), diffIds), null);
  assert.equal(placeOfFolder(folder, Buffer.from("no JSON"), diffIds), null);
});

/** SOURCE: the example in the OCI image specification, config.md: the chain of A, B is the digest of "A B". */
it("the lowest chain id is the layer itself", () => {
  const [a, b] = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`] as const;
  const chain = chainIdsOf([a, b]);
  assert.equal(chain[0], a);
  assert.equal(chain.length, 2);
  assert.notEqual(chain[1], b);
});

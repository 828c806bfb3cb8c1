import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { type CachePlace, cachePath, openFactCache } from "../../src/browse/fact-cache.ts";
import { factsToJson, type ManifestFacts, parseFacts } from "../../src/browse/manifest-facts.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { createFiles } from "../../src/system/files.ts";
import { createTempHome } from "../support/temp-home.ts";

const image = (size: number): ManifestFacts => ({
  kind: "image",
  created: null,
  platform: "linux/amd64",
  size,
});
const [one, two] = [computeDigest("one"), computeDigest("two")];

const windows: ManifestFacts = {
  kind: "index",
  created: "2026-01-01T00:00:00.000Z",
  attestations: 2,
  entries: [
    {
      mediaType: "application/x",
      digest: one,
      size: 7,
      platform: { os: "windows", architecture: "amd64", osVersion: "10.0.17763.1" },
    },
    { mediaType: "", digest: two, size: 0, platform: { os: "linux", architecture: "arm", variant: "v7" } },
    { mediaType: "", digest: two, size: 0 },
  ],
};

async function openPlace() {
  const home = await createTempHome();
  const place: CachePlace = {
    files: createFiles(),
    folder: `${home.path}/cache`,
    repository: "r.test:5000/team/app",
    maySave: true,
  };
  return { place, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

describe("facts", () => {
  for (const facts of [
    image(5),
    windows,
    { kind: "artifact", created: "2026-01-01T00:00:00.000Z", type: "application/x", size: 1 },
    { kind: "image", created: null, platform: null, size: 0 },
  ] satisfies ManifestFacts[]) {
    test(`of ${facts.kind} are read as they were written`, () => {
      assert.deepEqual(parseFacts(JSON.parse(JSON.stringify(factsToJson(facts)))), facts);
    });
  }

  for (const value of [
    null,
    [],
    {},
    { kind: "image" },
    { kind: "image", size: -1 },
    { kind: "image", size: 1, created: "yesterday" },
    { kind: "image", size: 1, created: 5 },
    { kind: "artifact", size: 1 },
    { kind: "index", attestations: 0 },
    { kind: "index", attestations: 0, entries: [{ digest: "x" }] },
    { kind: "schema1", size: 1 },
  ]) {
    test(`${JSON.stringify(value)} is none`, () => assert.equal(parseFacts(value), null));
  }
});

test("what one run learns the next one knows", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const first = await openFactCache(place);
  assert.deepEqual([first.factsOf(one), first.lastDigestOf("1")], [null, null]);
  first.learn(one, windows);
  first.sawTag("1", one);
  await first.save();
  const second = await openFactCache(place);
  assert.deepEqual([second.factsOf(one), second.lastDigestOf("1")], [windows, one]);
});

test("two runs at once both keep what they learnt", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const [first, second] = await Promise.all([openFactCache(place), openFactCache(place)]);
  first.learn(one, image(1));
  second.learn(two, image(2));
  await first.save();
  await second.save();
  const third = await openFactCache(place);
  assert.deepEqual([third.factsOf(one), third.factsOf(two)], [image(1), image(2)]);
});

test("nothing new, nothing written", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const first = await openFactCache(place);
  first.learn(one, image(1));
  first.sawTag("1", one);
  await first.save();
  let writes = 0;
  const write: CachePlace["files"]["write"] = async () => {
    writes += 1;
  };
  const again = await openFactCache({ ...place, files: { ...place.files, write } });
  again.factsOf(one);
  again.sawTag("1", one);
  await again.save();
  assert.equal(writes, 0);
  again.sawTag("1", two);
  await again.save();
  assert.equal(writes, 1);
});

test("it does not grow for ever, and what was met last stays", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const fill = async (from: number) => {
    const cache = await openFactCache(place);
    for (let n = from; n < from + 15_000; n += 1) {
      const digest = computeDigest(String(n));
      cache.learn(digest, image(n));
      cache.sawTag(`t${n}`, digest);
    }
    await cache.save();
  };
  await fill(0);
  await fill(15_000);
  const { facts, tags } = JSON.parse(await readFile(cachePath(place), "utf8"));
  assert.deepEqual([Object.keys(facts).length, Object.keys(tags).length], [20_000, 20_000]);
  const cache = await openFactCache(place);
  assert.ok(cache.factsOf(computeDigest("29999")) !== null && cache.lastDigestOf("t15000") !== null);
});

test("a file of another repository under the same name is none", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const cache = await openFactCache(place);
  cache.learn(one, image(1));
  await cache.save();
  const bytes = await readFile(cachePath(place));
  const other = await openFactCache({
    ...place,
    repository: "r.test:5000/other",
    files: { ...place.files, read: async () => bytes },
  });
  assert.equal(other.factsOf(one), null);
});

test("root below the home of somebody else writes nothing", async () => {
  await using opened = await openPlace();
  const { place } = opened;
  const cache = await openFactCache({ ...place, maySave: false });
  cache.learn(one, image(1));
  await cache.save();
  assert.equal(await place.files.read(cachePath(place)), null);
});

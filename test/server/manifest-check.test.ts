import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { usualRegistryLimits } from "../../src/server/core.ts";
import { exceedsJson } from "../../src/server/json-bounds.ts";
import { judgeManifest } from "../../src/server/manifest-check.ts";

const digest = computeDigest("x");
const other = computeDigest("y");
const config = { mediaType: mediaTypes.ociConfig, digest, size: 1 };
const layer = { mediaType: mediaTypes.ociLayer, digest: other, size: 1 };
const image = { schemaVersion: 2, config, layers: [layer] };

function judge(manifest: unknown, contentType?: string, limits = usualRegistryLimits) {
  return judgeManifest(Buffer.from(JSON.stringify(manifest)), contentType, limits);
}

describe("what a manifest is", () => {
  it("is said outside, inside, or by its fields", () => {
    const typed = { ...image, mediaType: mediaTypes.dockerManifest };
    const cases: readonly (readonly [unknown, string | undefined, string])[] = [
      [image, undefined, mediaTypes.ociManifest],
      [image, mediaTypes.dockerManifest, mediaTypes.dockerManifest],
      [typed, undefined, mediaTypes.dockerManifest],
      [typed, `${mediaTypes.dockerManifest}; charset=utf-8`, mediaTypes.dockerManifest],
      [{ schemaVersion: 2, manifests: [] }, undefined, mediaTypes.ociIndex],
    ];
    for (const [manifest, contentType, mediaType] of cases) {
      const judged = judge(manifest, contentType);
      assert.ok(typeof judged !== "string", String(judged));
      assert.equal(judged.mediaType, mediaType);
    }
  });

  const refused: readonly (readonly [unknown, string | undefined, RegExp])[] = [
    [{ ...image, mediaType: mediaTypes.ociManifest }, mediaTypes.dockerManifest, /was sent as .*docker/],
    [{ ...image, manifests: [] }, undefined, /more than one kind/],
    [image, mediaTypes.ociIndex, /fields of another kind/],
    [{ ...image, schemaVersion: 1 }, mediaTypes.ociManifest, /./],
    [{ ...image, schemaVersion: 3 }, undefined, /schemaVersion/],
    [{ config, layers: [] }, undefined, /schemaVersion/],
    [{ schemaVersion: 2, config }, undefined, /no list of layers/],
    [{ ...image, layers: [{ ...layer, digest: "sha256:x" }] }, undefined, /layer 1 has a bad digest/],
    [{ ...image, layers: [{ ...layer, size: -1 }] }, undefined, /no size/],
    [{ ...image, subject: { digest: 1 } }, undefined, /subject/],
    [{ ...image, subject: 1 }, "application/vnd.x+json", /subject/],
    [{ a: 1 }, undefined, /no kind of manifest/],
    [{ a: 1 }, "application/json", /type of no manifest/],
    [{ a: 1 }, "text/html+json", /type of no manifest/],
    [{ a: 1 }, 'application/"x\r\n+json', /type of no manifest/],
  ];
  for (const [manifest, contentType, reason] of refused) {
    it(`is refused: ${reason.source} (${JSON.stringify(contentType) ?? "no type"})`, () => {
      const judged = judge(manifest, contentType);
      assert.ok(typeof judged === "string");
      assert.match(judged, reason);
    });
  }

  it("is nothing that engines no longer pull", () => {
    const schema1 = {
      schemaVersion: 1,
      name: "a",
      tag: "b",
      architecture: "amd64",
      fsLayers: [],
      history: [],
    };
    for (const type of [undefined, mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed]) {
      assert.match(String(judge(schema1, type)), /schema 1/);
    }
  });
});

describe("what a manifest needs", () => {
  it("is its config and layers, each once, but for layers that are elsewhere", () => {
    const foreign = { ...layer, mediaType: mediaTypes.dockerForeignLayer, digest: computeDigest("z") };
    const judged = judge({ ...image, layers: [layer, layer, { ...layer, digest }, foreign] });
    assert.ok(typeof judged !== "string");
    assert.deepEqual([judged.blobs, judged.children], [[digest, other], []]);
  });

  it("is what looks like a descriptor in a manifest that nobody knows", () => {
    const manifest = { config, blobs: [layer, 1], layers: {}, manifests: [{ ...config, digest: other }] };
    const judged = judge(manifest, "application/vnd.example.thing.v1+json");
    assert.ok(typeof judged !== "string");
    assert.deepEqual([judged.blobs, judged.children], [[digest, other], [other]]);
  });

  it("is not its subject", () => {
    const subject = { ...config, digest: computeDigest("s") };
    const annotations = { a: "b", c: 1 };
    const judged = judge({ ...image, subject, annotations });
    assert.ok(typeof judged !== "string");
    assert.equal(judged.subject, subject.digest);
    assert.equal(judged.artifactType, mediaTypes.ociConfig);
    assert.deepEqual(judged.annotations, { a: "b" });
    const named = judge({ ...image, subject, artifactType: "application/x" });
    assert.equal(typeof named === "string" ? named : named.artifactType, "application/x");
    const index = judge({ schemaVersion: 2, manifests: [], subject });
    assert.equal(typeof index === "string" ? index : index.artifactType, null);
  });
});

describe("a bomb", () => {
  it("of nesting is refused before it is read", () => {
    const deep = `{"a":${"[".repeat(2_000_000)}`;
    assert.match(String(judgeManifest(Buffer.from(deep), undefined, usualRegistryLimits)), /nested/);
    const objects = `${'{"a":'.repeat(65)}1${"}".repeat(65)}`;
    assert.match(String(judgeManifest(Buffer.from(objects), undefined, usualRegistryLimits)), /nested/);
  });

  it("of values is refused before it is read", () => {
    const wide = `{"schemaVersion":2,"layers":[${"{},".repeat(100_000)}{}]}`;
    assert.match(String(judgeManifest(Buffer.from(wide), undefined, usualRegistryLimits)), /150000 values/);
  });

  it("is none that names as many as may be", () => {
    const manifests = Array.from({ length: usualRegistryLimits.manifestReferences }, (_, index) => ({
      ...config,
      digest: computeDigest(`${index}`),
      platform: { os: "linux", architecture: "arm64", variant: "v8" },
      annotations: { a: "1", b: "2" },
    }));
    assert.equal(typeof judge({ schemaVersion: 2, manifests }, undefined), "object");
  });

  it("of names is refused", () => {
    const manifests = Array.from({ length: 11 }, (_, index) => ({
      ...config,
      digest: computeDigest(`${index}`),
    }));
    const limits = { ...usualRegistryLimits, manifestReferences: 10 };
    assert.match(String(judge({ schemaVersion: 2, manifests }, undefined, limits)), /11 blobs and manifests/);
    assert.equal(
      typeof judge({ schemaVersion: 2, manifests: manifests.slice(1) }, undefined, limits),
      "object",
    );
  });

  it("brackets in texts are none", () => {
    const text = JSON.stringify({ a: `${"[{".repeat(100)}\\"`, b: '"[[[' });
    const exceeds = (json: string, depth: number, values = 100) =>
      exceedsJson(Buffer.from(json), { depth, values });
    assert.equal(exceeds(text, 1), null);
    assert.equal(exceeds('[["\\"]]"]]', 2), null);
    assert.equal(exceeds('[["\\"]]",[]]]', 2), "depth");
    assert.equal(exceeds('["1,2,3,4,5",{"a":1,"b":2}]', 2, 4), null);
    assert.equal(exceeds('["1,2,3,4,5",{"a":1,"b":2}]', 2, 3), "values");
  });
});

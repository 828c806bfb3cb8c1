import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { embeddedContent } from "../../src/registry/descriptor.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { mostManifestBytes, parseManifest } from "../../src/registry/manifest.ts";
import {
  acceptManifests,
  isForeignLayer,
  layerCompressionOf,
  manifestKindOf,
  mediaTypes,
} from "../../src/registry/media-types.ts";

const digest = computeDigest("x");
const config = { mediaType: mediaTypes.ociConfig, digest, size: 1 };
const layer = { mediaType: mediaTypes.ociLayerGzip, digest: computeDigest("y"), size: 20 };
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const child = { mediaType: mediaTypes.ociManifest, digest, size: 7 };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] };

const parse = (value: unknown, contentType: string | null = null) =>
  parseManifest(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)), contentType, "m");

function problemOf(value: unknown, contentType: string | null = null): string {
  try {
    parse(value, contentType);
  } catch (error) {
    assert.ok(isRegctlError(error, "CONTENT_BROKEN"), String(error));
    assert.equal(error.facts.what, "m");
    return error.facts.problem;
  }
  return assert.fail(`it was taken: ${JSON.stringify(value)}`);
}

describe("kinds", () => {
  test("an image, Docker's and the OCI's", () => {
    const { schemaVersion: _version, ...fields } = image;
    assert.deepEqual(parse(image, mediaTypes.ociManifest), { kind: "image", ...fields });
    const docker = { ...image, mediaType: mediaTypes.dockerManifest };
    assert.equal(parse(docker, mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest);
  });

  test("an index, with platforms in their usual spelling", () => {
    const platform = { os: "linux", architecture: "arm64", variant: "v8" };
    const parsed = parse({ ...index, manifests: [{ ...child, platform }] });
    assert.ok(parsed.kind === "index");
    assert.deepEqual(parsed.manifests, [{ ...child, platform: { os: "linux", architecture: "arm64" } }]);
    const list = { ...index, mediaType: mediaTypes.dockerManifestList };
    assert.equal(parse(list).kind, "index");
  });

  test("OCI 1.1: subject, artifact type, annotations, embedded data", () => {
    const data = Buffer.from("x").toString("base64");
    const extra = { subject: child, artifactType: "application/x", annotations: { a: "b" } };
    const parsed = parse({ ...image, ...extra, config: { ...config, data } });
    assert.ok(parsed.kind === "image");
    const { subject, artifactType, annotations } = parsed;
    assert.deepEqual({ subject, artifactType, annotations }, extra);
    assert.deepEqual(embeddedContent(parsed.config), Buffer.from("x"));
    const lying = { ...parsed.config, data: Buffer.from("z").toString("base64") };
    assert.equal(embeddedContent(lying), null);
    assert.equal(embeddedContent({ ...parsed.config, data: "A".repeat(100) }), null);
    assert.equal(embeddedContent(child), null);
  });

  test("an index without entries, and with null for them", () => {
    assert.deepEqual(parse({ ...index, manifests: [] }), {
      kind: "index",
      mediaType: mediaTypes.ociIndex,
      manifests: [],
    });
    assert.equal(parse({ ...index, manifests: null }).kind, "index");
  });
});

describe("what registries do with types", () => {
  const { mediaType: _inside, ...untyped } = image;

  for (const outside of [
    null,
    "",
    "text/plain; charset=utf-8",
    "application/json",
    "application/octet-stream",
  ]) {
    test(`${outside} outside says nothing`, () => {
      assert.equal(parse(image, outside).mediaType, mediaTypes.ociManifest);
      assert.equal(parse(untyped, outside).mediaType, mediaTypes.ociManifest);
      const { mediaType: _own, ...bare } = index;
      assert.equal(parse(bare, outside).mediaType, mediaTypes.ociIndex);
    });
  }

  test("a type outside is read without its parameters and case", () => {
    const outside = `${mediaTypes.dockerManifest.toUpperCase()} ; charset=utf-8`;
    assert.equal(parse(untyped, outside).mediaType, mediaTypes.dockerManifest);
  });

  test("fields of two kinds, or two types, are refused", () => {
    assert.match(problemOf({ ...image, ...index }), /more than one kind/);
    assert.match(problemOf({ ...index, layers: [] }), /more than one kind/);
    assert.match(problemOf({ ...untyped, schemaVersion: 1 }), /more than one kind/);
    assert.match(problemOf(image, mediaTypes.ociIndex), /came as .*index.*says that it is .*manifest/);
    assert.match(problemOf({ ...untyped, mediaType: mediaTypes.ociIndex }), /fields of another kind/);
    assert.match(problemOf(untyped, mediaTypes.dockerManifestList), /fields of another kind/);
  });

  test("what is asked for names every type", () => {
    const asked = acceptManifests.split(", ");
    assert.equal(asked.length, 6);
    assert.ok(asked.every((type) => manifestKindOf(type) !== null));
    assert.equal(manifestKindOf("constructor"), null);
  });
});

test("what is no manifest, and where it is wrong", () => {
  assert.match(problemOf("not JSON"), /no JSON object/);
  assert.match(problemOf("[]"), /no JSON object/);
  assert.match(problemOf(" ".repeat(mostManifestBytes + 1)), /bytes, and a manifest has at most/);
  assert.match(problemOf({ schemaVersion: 2 }), /no kind of manifest/);
  assert.match(
    problemOf({ mediaType: "application/vnd.x+json" }),
    /"application\/vnd\.x\+json", is that of no/,
  );
  assert.match(problemOf({ ...image, config: undefined }), /its config is no descriptor/);
  assert.match(
    problemOf({ ...image, config: { ...config, digest: "sha256:1" } }),
    /its config has a bad digest/,
  );
  assert.match(problemOf({ ...image, layers: "x" }), /no list of layers/);
  assert.match(problemOf({ ...image, layers: [layer, { ...layer, size: -1 }] }), /its layer 2 has no size/);
  assert.match(problemOf({ ...image, layers: [{ ...layer, size: 1.5 }] }), /its layer 1 has no size/);
  assert.match(problemOf({ ...index, manifests: [{ size: 1 }] }), /its entry 1 has no digest/);
  assert.match(problemOf({ ...image, subject: { digest } }), /its subject has no size/);
  const latin1 = Buffer.from(JSON.stringify({ ...image, annotations: { a: "é" } }), "latin1");
  assert.throws(() => parseManifest(latin1, null, "m"));
});

test("nesting without end is no way to bring it down", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(parse(JSON.stringify(image).replace("{", `{"x":${deep},`)).kind, "image");
});

test("an image without layers has null for their list where docker with containerd's store made it", () => {
  // SOURCE: docker 28.5.2 with containerd's store, `docker push` of FROM scratch with a label
  const manifest = parseManifest(Buffer.from(JSON.stringify({ ...image, layers: null })), "", "it");
  assert.deepEqual([manifest.kind, manifest.kind === "image" && manifest.layers], ["image", []]);
});

test("layers say how they are packed, and where they may be", () => {
  assert.equal(layerCompressionOf(mediaTypes.dockerLayer), "gzip");
  assert.equal(layerCompressionOf(mediaTypes.ociLayerGzip), "gzip");
  assert.equal(layerCompressionOf(mediaTypes.ociLayerZstd), "zstd");
  assert.equal(layerCompressionOf(mediaTypes.ociLayer), "none");
  assert.equal(layerCompressionOf("application/vnd.in-toto+json"), null);
  assert.ok(isForeignLayer(mediaTypes.dockerForeignLayer));
  assert.ok(isForeignLayer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"));
  assert.ok(!isForeignLayer(mediaTypes.dockerLayer));
});

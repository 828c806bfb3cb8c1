import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageConfig } from "../../src/registry/config.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { schema1Payload } from "../../src/registry/schema1.ts";

const top = computeDigest("top");
const base = computeDigest("base");

/** Written by hand after the schema 1 page of the distribution documentation: a body, and signatures put into it. */
const body = {
  schemaVersion: 1,
  name: "team/app",
  tag: "1.0",
  architecture: "amd64",
  fsLayers: [{ blobSum: top }, { blobSum: base }],
  history: [
    {
      v1Compatibility: JSON.stringify({
        created: "2014-01-02T03:04:05Z",
        os: "linux",
        architecture: "amd64",
        config: { Cmd: ["sh"], Env: ["A=b"] },
        throwaway: true,
      }),
    },
    { v1Compatibility: "{}" },
  ],
};
const payload = JSON.stringify(body, null, 3);
const cut = payload.lastIndexOf("\n}");
const encode = (text: string) => Buffer.from(text).toString("base64url");
const signed = `${payload.slice(0, cut)},\n   "signatures": ${JSON.stringify([
  {
    header: { jwk: {}, alg: "ES256" },
    signature: "c2ln",
    protected: encode(JSON.stringify({ formatLength: cut, formatTail: encode("\n}") })),
  },
])}\n}`;

test("name, tag and layers, the base first, and the configuration of its newest layer", () => {
  const parsed = parseManifest(Buffer.from(signed), `${mediaTypes.dockerSchema1Signed}; charset=utf-8`, "m");
  assert.ok(parsed.kind === "schema1");
  const { config, ...rest } = parsed;
  assert.deepEqual(rest, {
    kind: "schema1",
    mediaType: mediaTypes.dockerSchema1Signed,
    name: "team/app",
    tag: "1.0",
    architecture: "amd64",
    signed: true,
    layers: [
      { digest: base, empty: false },
      { digest: top, empty: true },
    ],
  });
  const read = parseImageConfig(config ?? "", "c");
  assert.equal(read.created, "2014-01-02T03:04:05.000Z");
  assert.deepEqual(read.cmd, ["sh"]);
});

test("the digest is that of the bytes before they were signed", () => {
  const bytes = schema1Payload(Buffer.from(signed));
  assert.equal(bytes === null ? null : Buffer.from(bytes).toString(), payload);
  assert.equal(Buffer.from(schema1Payload(Buffer.from(payload)) ?? []).toString(), payload);
});

test("a signature that cannot be followed", () => {
  for (const header of [
    { formatLength: 1e9, formatTail: "fQ" },
    { formatTail: "fQ" },
    { formatLength: 3 },
    7,
  ]) {
    const broken = { ...body, signatures: [{ protected: encode(JSON.stringify(header)) }] };
    assert.equal(schema1Payload(Buffer.from(JSON.stringify(broken))), null);
  }
});

test("it is known by its fields, and needs layers", () => {
  assert.equal(parseManifest(Buffer.from(payload), "application/json", "m").kind, "schema1");
  const { fsLayers: _layers, ...without } = body;
  assert.throws(() => parseManifest(Buffer.from(JSON.stringify(without)), null, "m"));
  const wrong = { ...body, fsLayers: [{ blobSum: "tarsum.v1+sha256:1" }] };
  assert.throws(() => parseManifest(Buffer.from(JSON.stringify(wrong)), null, "m"));
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { describe as descriptorOf, imageOf } from "./content.ts";
import { type Client, openRegistry } from "./registry-client.ts";

const root = "/v2/team/app/manifests/";

async function withBlobs(options: Parameters<typeof openRegistry>[0] = {}) {
  const client = openRegistry(options);
  const { blobs, manifest } = imageOf();
  for (const { bytes } of blobs) await client.pushBlob("team/app", bytes);
  return { client, manifest, put: (reference: string) => push(client, reference, manifest) };
}

function push(client: Client, reference: string, { bytes, mediaType }: { bytes: Buffer; mediaType: string }) {
  return client.pushManifest("team/app", reference, bytes, mediaType);
}

describe("a manifest", () => {
  it("is served as it was pushed, with what a client needs", async () => {
    const { client, manifest, put } = await withBlobs();
    await put("v1");
    for (const [reference, kept] of [
      ["v1", "no-cache"],
      [manifest.digest, "max-age=31536000, immutable"],
      [manifest.digest.replace(":", "%3A"), "max-age=31536000, immutable"],
    ] as const) {
      const got = await client.send("GET", `${root}${reference}`);
      assert.deepEqual(
        { ...got.headers },
        {
          "docker-distribution-api-version": "registry/2.0",
          "x-content-type-options": "nosniff",
          "content-type": mediaTypes.ociManifest,
          "content-length": String(manifest.bytes.length),
          "docker-content-digest": manifest.digest,
          etag: `"${manifest.digest}"`,
          "cache-control": kept,
        },
      );
    }
  });

  it("is served whatever the client accepts: converted it would be another", async () => {
    const { client, manifest, put } = await withBlobs();
    await put("v1");
    for (const accept of [mediaTypes.dockerSchema1, "text/html", "*/*", ""]) {
      const got = await client.send("GET", `${root}v1`, { headers: { accept } });
      assert.deepEqual([got.status, got.headers["content-type"]], [200, mediaTypes.ociManifest]);
      assert.ok(got.bytes.equals(manifest.bytes));
    }
  });

  it("is not sent again to whoever has it", async () => {
    const { client, manifest, put } = await withBlobs();
    await put("v1");
    const headers = { "if-none-match": `"${manifest.digest}"` };
    for (const reference of ["v1", manifest.digest]) {
      assert.equal((await client.send("GET", `${root}${reference}`, { headers })).status, 304);
      assert.equal((await client.send("HEAD", `${root}${reference}`, { headers })).status, 304);
    }
    const other = { "if-none-match": `"${computeDigest("x")}"` };
    assert.equal((await client.send("GET", `${root}v1`, { headers: other })).status, 200);
  });

  it("is told to be unknown", async () => {
    const { client, put } = await withBlobs();
    await put("v1");
    for (const reference of ["v2", computeDigest("x"), "-x", "a".repeat(129), "v1%20", "%2e%2e"]) {
      for (const method of ["GET", "HEAD", "DELETE"]) {
        const answered = await client.send(method, `${root}${reference}`);
        assert.deepEqual([answered.status, answered.codes], [404, ["MANIFEST_UNKNOWN"]], reference);
      }
    }
    assert.equal((await client.send("GET", "/v2/other/manifests/v1")).status, 404);
    for (const method of ["GET", "HEAD", "DELETE"]) {
      const answered = await client.send(method, `${root}sha256:baddigeststring`);
      assert.deepEqual([answered.status, answered.codes], [400, ["DIGEST_INVALID"]]);
    }
  });
});

describe("a push", () => {
  it("by digest sets all the tags it names", async () => {
    const { client, manifest } = await withBlobs();
    const tags = ["1.2.3", "1.2", "1", "latest", "latest"];
    const put = await push(
      client,
      `${manifest.digest}?${tags.map((tag) => `tag=${tag}`).join("&")}`,
      manifest,
    );
    assert.equal(put.headers["oci-tag"], "1.2.3, 1.2, 1, latest");
    const listed = await client.send("GET", "/v2/team/app/tags/list");
    assert.deepEqual(listed.json, { name: "team/app", tags: ["1", "1.2", "1.2.3", "latest"] });
  });

  it("moves a tag, and what it pointed to stays", async () => {
    const { client, manifest, put } = await withBlobs();
    await put("latest");
    const other = { bytes: Buffer.from(`${manifest.bytes}\n`), mediaType: manifest.mediaType };
    await push(client, "latest", other);
    const got = await client.send("GET", `${root}latest`);
    assert.equal(got.headers["docker-content-digest"], computeDigest(other.bytes));
    assert.equal((await client.send("HEAD", `${root}${manifest.digest}`)).status, 200);
  });

  const refusals: readonly (readonly [
    what: string,
    reference: string,
    status: number,
    code: string,
    change?: { readonly body?: string | Buffer; readonly type?: string },
  ])[] = [
    ["a digest that lies", computeDigest("x"), 400, "DIGEST_INVALID"],
    ["a sha512 that lies", computeDigest("x", "sha512"), 400, "DIGEST_INVALID"],
    ["a digest that is none", "sha256:baddigeststring", 400, "DIGEST_INVALID"],
    ["a tag that is none", "-x", 400, "TAG_INVALID"],
    ["a long tag", "x".repeat(129), 400, "TAG_INVALID"],
    ["a tag with a slash", "a%2Fb", 400, "TAG_INVALID"],
    ["no JSON", "v1", 400, "MANIFEST_INVALID", { body: "{" }],
    ["nothing", "v1", 400, "MANIFEST_INVALID", { body: "" }],
    ["a list", "v1", 400, "MANIFEST_INVALID", { body: "[]" }],
    ["no UTF-8", "v1", 400, "MANIFEST_INVALID", { body: Buffer.from('{"a":"\xff"}', "latin1") }],
    ["another type than it has", "v1", 400, "MANIFEST_INVALID", { type: mediaTypes.dockerManifest }],
    ["a type of no manifest", "v1", 400, "MANIFEST_INVALID", { type: "text/html" }],
  ];
  for (const [what, reference, status, code, change = {}] of refusals) {
    it(`is refused with ${what}`, async () => {
      const { client, manifest } = await withBlobs();
      const put = await client.send("PUT", `${root}${reference}`, {
        body: change.body ?? manifest.bytes,
        headers: { "content-type": change.type ?? manifest.mediaType },
      });
      assert.deepEqual([put.status, put.codes], [status, [code]]);
      assert.equal((await client.send("GET", "/v2/team/app/tags/list")).status, 404);
    });
  }

  it("is refused with a bad tag among good ones, or with too many, and sets none", async () => {
    const { client, manifest } = await withBlobs({ limits: { tagsPerPush: 12 } });
    const asked = { body: manifest.bytes, headers: { "content-type": manifest.mediaType } };
    const bad = await client.send("PUT", `${root}${manifest.digest}?tag=a&tag=%20&tag=b`, asked);
    assert.deepEqual([bad.status, bad.codes], [400, ["TAG_INVALID"]]);
    const many = (count: number) => Array.from({ length: count }, (_, index) => `tag=t${index}`).join("&");
    const refused = await client.send("PUT", `${root}${manifest.digest}?${many(13)}`, asked);
    assert.equal(refused.status, 414);
    assert.equal((await client.send("GET", "/v2/team/app/tags/list")).status, 404);
    assert.equal((await client.send("PUT", `${root}${manifest.digest}?${many(12)}`, asked)).status, 201);
  });

  it("beyond the limit is refused, known or not, and read no further", async () => {
    const { client, manifest } = await withBlobs({ limits: { manifestBytes: 5000 } });
    const headers = { "content-type": manifest.mediaType };
    async function* endless(): AsyncGenerator<Buffer> {
      for (let pieces = 0; ; pieces += 1) {
        assert.ok(pieces < 10, "it is read on and on");
        yield Buffer.alloc(1000);
      }
    }
    for (const length of [5001, null]) {
      const put = await client.send("PUT", `${root}v1`, { body: endless(), length, headers });
      assert.deepEqual([put.status, put.codes], [413, ["SIZE_INVALID"]]);
    }
  });

  it("names each blob that is missing once", async () => {
    const client = openRegistry();
    const { blobs, manifest } = imageOf();
    const [config, layer] = blobs;
    assert.ok(config !== undefined && layer !== undefined);
    await client.pushBlob("team/app", config.bytes);
    const layers = [layer, layer, config].map((blob) => descriptorOf(blob, mediaTypes.ociLayerGzip));
    const body = JSON.stringify({ ...JSON.parse(manifest.bytes.toString()), layers });
    const put = await client.send("PUT", `${root}v1`, {
      body,
      headers: { "content-type": manifest.mediaType },
    });
    assert.deepEqual([put.status, put.codes], [400, ["MANIFEST_BLOB_UNKNOWN"]]);
    assert.match(put.text, new RegExp(layer.digest));
  });
});

describe("a deleted manifest", () => {
  it("takes its tags along, a deleted tag nothing", async () => {
    const { client, manifest, put } = await withBlobs();
    for (const tag of ["v1", "v2", "v3"]) await put(tag);
    assert.equal((await client.send("DELETE", `${root}v1`)).status, 202);
    assert.equal((await client.send("DELETE", `${root}v1`)).status, 404);
    assert.equal((await client.send("GET", `${root}v2`)).status, 200);
    assert.equal((await client.send("DELETE", `${root}${manifest.digest}`)).status, 202);
    for (const reference of ["v2", "v3", manifest.digest]) {
      assert.equal((await client.send("GET", `${root}${reference}`)).status, 404);
    }
    const listed = await client.send("GET", "/v2/team/app/tags/list");
    assert.deepEqual([listed.status, listed.codes], [404, ["NAME_UNKNOWN"]]);
  });
});

/**
 * What the OCI's conformance suite for distribution 1.1 asks of a registry: its rows of data here, its rows of the API
 * in the other files of this folder. The suite itself is written in Go; this one runs wherever the rest does.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { algorithmOf } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { type Content, makeContents } from "./content.ts";
import { type Client, openRegistry } from "./registry-client.ts";

const repository = "conformance/repo1";
const root = `/v2/${repository}`;

async function push(client: Client, content: Content): Promise<void> {
  for (const { bytes, digest } of content.blobs) {
    await client.pushBlob(repository, bytes, algorithmOf(digest));
  }
  for (const { bytes, digest, mediaType } of content.manifests) {
    const put = await client.pushManifest(repository, digest, bytes, mediaType);
    assert.equal(put.headers["docker-content-digest"], digest);
    assert.equal(put.headers.location, `${root}/manifests/${digest}`);
  }
  const last = content.manifests.at(-1);
  assert.ok(last !== undefined);
  const reference = algorithmOf(last.digest) === "sha256" ? "latest" : `${last.digest}?tag=latest`;
  const tagged = await client.pushManifest(repository, reference, last.bytes, last.mediaType);
  assert.equal(tagged.headers["oci-subject"], content.subject);
}

async function pull(client: Client, { blobs, manifests }: Content): Promise<void> {
  for (const { bytes, digest } of blobs) {
    const got = await client.send("GET", `${root}/blobs/${digest}`);
    assert.equal(got.status, 200);
    assert.ok(got.bytes.equals(bytes), "the blob is what was pushed");
    const head = await client.send("HEAD", `${root}/blobs/${digest}`);
    assert.deepEqual([head.status, head.headers], [200, got.headers]);
    assert.equal(head.headers["docker-content-digest"], digest);
  }
  const last = manifests.at(-1);
  for (const { bytes, digest, mediaType } of manifests) {
    for (const reference of [digest, ...(digest === last?.digest ? ["latest"] : [])]) {
      const got = await client.send("GET", `${root}/manifests/${reference}`);
      assert.equal(got.status, 200, got.text);
      assert.ok(got.bytes.equals(bytes), "the manifest is what was pushed");
      assert.equal(got.headers["content-type"], mediaType);
      assert.equal(got.headers["docker-content-digest"], digest);
      const head = await client.send("HEAD", `${root}/manifests/${reference}`);
      assert.deepEqual([head.status, head.headers], [200, got.headers]);
    }
  }
  const tags = await client.send("GET", `${root}/tags/list`);
  assert.deepEqual(tags.json, { name: repository, tags: ["latest"] });
}

async function refer(client: Client, { subject, artifactType, manifests }: Content): Promise<void> {
  const last = manifests.at(-1);
  if (subject === undefined || last === undefined) return;
  const { digest, bytes, mediaType } = last;
  const annotations = JSON.parse(bytes.toString()).annotations;
  const shown = {
    mediaType,
    digest,
    size: bytes.length,
    artifactType,
    ...(annotations ? { annotations } : {}),
  };
  const list = await client.send("GET", `${root}/referrers/${subject}`);
  assert.equal(list.headers["content-type"], mediaTypes.ociIndex);
  assert.deepEqual(list.json, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [shown] });
}

async function remove(client: Client, { blobs, manifests, subject }: Content): Promise<void> {
  assert.equal((await client.send("DELETE", `${root}/manifests/latest`)).status, 202);
  assert.equal((await client.send("GET", `${root}/manifests/latest`)).status, 404);
  for (const { digest } of manifests) {
    assert.equal((await client.send("HEAD", `${root}/manifests/${digest}`)).status, 200);
    assert.equal((await client.send("DELETE", `${root}/manifests/${digest}`)).status, 202);
    assert.equal((await client.send("GET", `${root}/manifests/${digest}`)).status, 404);
    assert.equal((await client.send("DELETE", `${root}/manifests/${digest}`)).status, 404);
  }
  for (const { digest } of blobs) {
    assert.equal((await client.send("DELETE", `${root}/blobs/${digest}`)).status, 202);
    assert.equal((await client.send("GET", `${root}/blobs/${digest}`)).status, 404);
    assert.equal((await client.send("HEAD", `${root}/blobs/${digest}`)).status, 404);
  }
  if (subject === undefined) return;
  const list = await client.send("GET", `${root}/referrers/${subject}`);
  assert.deepEqual(
    [list.status, list.json],
    [200, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }],
  );
}

describe("pushed, pulled, listed and deleted", () => {
  for (const content of makeContents()) {
    it(content.name, async () => {
      const client = openRegistry();
      await push(client, content);
      await pull(client, content);
      await refer(client, content);
      await remove(client, content);
    });
  }
});

describe("parts that are missing", () => {
  for (const content of makeContents().filter(({ blobs }) => blobs.length > 0)) {
    it(`${content.name}: each is named, and nothing is stored`, async () => {
      const client = openRegistry();
      const first = content.manifests[0];
      assert.ok(first !== undefined);
      const { bytes, digest, mediaType } = first;
      const put = await client.send("PUT", `${root}/manifests/${digest}`, {
        body: bytes,
        headers: { "content-type": mediaType },
      });
      assert.equal(put.status, 400, put.text);
      assert.ok(put.codes.length > 0 && put.codes.every((code) => code === "MANIFEST_BLOB_UNKNOWN"));
      assert.equal((await client.send("GET", `${root}/manifests/${digest}`)).status, 404);
    });
  }

  it("an index names the manifests that are not there, unless a part of it is enough", async () => {
    const index = makeContents().find(({ name }) => name === "index of images");
    const last = index?.manifests.at(-1);
    assert.ok(index !== undefined && last !== undefined);
    const put = { body: last.bytes, headers: { "content-type": last.mediaType } };
    const refused = await openRegistry().send("PUT", `${root}/manifests/latest`, put);
    const digests = index.manifests.slice(0, 2).map(({ digest }) => digest);
    const errors = digests.map((digest) => ({
      code: "MANIFEST_BLOB_UNKNOWN",
      message: "the manifest names what this repository does not hold",
      detail: { digest },
    }));
    assert.deepEqual([refused.status, refused.json], [400, { errors }]);
    const taken = await openRegistry({ sparse: true }).send("PUT", `${root}/manifests/latest`, put);
    assert.equal(taken.status, 201);
  });
});

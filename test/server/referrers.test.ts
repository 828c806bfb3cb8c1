import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { nextPageOf } from "../../src/registry/link-header.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { type Client, openRegistry } from "./registry-client.ts";
import { manifestOf } from "./storage-parts.ts";

const subject = computeDigest("subject");
const path = `/v2/team/app/referrers/${subject}`;
const [sbom, signature] = ["application/vnd.example.sbom.v1+json", "application/vnd.example.signature"];

async function filled(limits = {}): Promise<Client> {
  const storage = createMemoryStorage();
  for (let index = 0; index < 30; index += 1) {
    const artifactType = index % 3 === 0 ? sbom : signature;
    await storage.putManifest("team/app", manifestOf(`r${index}`, { subject, artifactType }));
  }
  return openRegistry({ storage, limits });
}

async function read(client: Client, target: string) {
  const got = await client.send("GET", target);
  assert.equal(got.status, 200, got.text);
  assert.equal(got.headers["content-type"], mediaTypes.ociIndex);
  const { schemaVersion, mediaType, manifests, ...rest } = JSON.parse(got.text);
  assert.deepEqual([schemaVersion, mediaType, rest], [2, mediaTypes.ociIndex, {}]);
  return {
    headers: got.headers,
    manifests: manifests as readonly { digest: string; artifactType: string }[],
  };
}

describe("referrers", () => {
  it("are an empty index for what nobody knows, and never not found", async () => {
    for (const target of [path, `/v2/no/such/referrers/${computeDigest("x")}?artifactType=a`]) {
      assert.deepEqual((await read(openRegistry(), target)).manifests, []);
    }
  });

  it("are refused for what is no digest", async () => {
    for (const bad of ["latest", "sha256:x", "sha256:"]) {
      const got = await openRegistry().send("GET", `/v2/team/app/referrers/${bad}`);
      assert.deepEqual([got.status, got.codes], [400, ["DIGEST_INVALID"]]);
    }
  });

  it("are filtered by type, and tell so", async () => {
    const client = await filled();
    const all = await read(client, path);
    assert.equal(all.manifests.length, 30);
    assert.equal(all.headers["oci-filters-applied"], undefined);
    const some = await read(client, `${path}?artifactType=${encodeURIComponent(sbom)}`);
    assert.equal(some.manifests.length, 10);
    assert.ok(some.manifests.every(({ artifactType }) => artifactType === sbom));
    assert.equal(some.headers["oci-filters-applied"], "artifactType");
    const none = await read(client, `${path}?artifactType=application/x`);
    assert.deepEqual([none.manifests.length, none.headers["oci-filters-applied"]], [0, "artifactType"]);
  });

  for (const [filter, count] of [
    ["", 30],
    [`?artifactType=${encodeURIComponent(signature)}`, 20],
  ] as const) {
    it(`come in pages when they are many${filter === "" ? "" : ", filtered"}`, async () => {
      const client = await filled({ referrersBytes: 1000 });
      const seen: string[] = [];
      let pages = 0;
      for (let target: string | null = `${path}${filter}`; target !== null; pages += 1) {
        const { headers, manifests } = await read(client, target);
        assert.ok(manifests.length > 0 && pages < 30);
        seen.push(...manifests.map(({ digest }) => digest));
        const next = nextPageOf(headers.link, `http://r.test${target}`);
        target = next === null ? null : next.slice("http://r.test".length);
      }
      assert.equal(new Set(seen).size, count);
      assert.equal(seen.length, count);
      assert.ok(pages > 3);
    });
  }

  it("come one by one when each is too large for a page", async () => {
    const client = await filled({ referrersBytes: 1 });
    assert.equal((await read(client, path)).manifests.length, 1);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import type { Storage } from "../../src/server/storage.ts";
import { openRegistry } from "./registry-client.ts";

const content = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251));
const digest = computeDigest(content);
const path = `/v2/team/app/blobs/${digest}`;

/** A storage that knows how many of its blobs are open. */
function watched(): { readonly storage: Storage; readonly open: () => number } {
  const storage = createMemoryStorage();
  let open = 0;
  const openBlob: Storage["openBlob"] = async (repository, wanted) => {
    const reader = await storage.openBlob(repository, wanted);
    if (reader === null) return null;
    open += 1;
    return {
      ...reader,
      close: async () => {
        open -= 1;
      },
    };
  };
  return { storage: { ...storage, openBlob }, open: () => open };
}

async function withBlob() {
  const { storage, open } = watched();
  const client = openRegistry({ storage });
  await client.pushBlob("team/app", content);
  return { client, open };
}

describe("a blob", () => {
  it("comes whole, with what a client needs to keep it", async () => {
    const { client, open } = await withBlob();
    const got = await client.send("GET", path);
    assert.equal(got.status, 200);
    assert.ok(got.bytes.equals(content));
    assert.deepEqual(
      { ...got.headers },
      {
        "docker-distribution-api-version": "registry/2.0",
        "x-content-type-options": "nosniff",
        "content-type": "application/octet-stream",
        "content-length": "3000",
        "accept-ranges": "bytes",
        "docker-content-digest": digest,
        etag: `"${digest}"`,
        "cache-control": "max-age=31536000, immutable",
      },
    );
    const head = await client.send("HEAD", path);
    assert.deepEqual([head.status, head.headers], [200, got.headers]);
    assert.equal(open(), 0);
  });

  it("is found when the digest's colon is encoded", async () => {
    const { client } = await withBlob();
    assert.equal((await client.send("HEAD", path.replace(":", "%3A"))).status, 200);
    assert.equal((await client.send("HEAD", path.replace(":", "%3a"))).status, 200);
  });

  it("is told to be unknown, or no digest at all", async () => {
    const { client } = await withBlob();
    for (const method of ["GET", "HEAD", "DELETE"]) {
      for (const target of [`/v2/team/app/blobs/${computeDigest("x")}`, `/v2/other/blobs/${digest}`]) {
        const answered = await client.send(method, target);
        assert.deepEqual([answered.status, answered.codes], [404, ["BLOB_UNKNOWN"]]);
      }
      for (const bad of ["sha256:abc", "latest", digest.toUpperCase(), "sha1:abc", `${digest}0`]) {
        const answered = await client.send(method, `/v2/team/app/blobs/${bad}`);
        assert.deepEqual([answered.status, answered.codes], [400, ["DIGEST_INVALID"]]);
      }
    }
  });

  it("is not sent again to whoever has it", async () => {
    const { client, open } = await withBlob();
    for (const tag of [`"${digest}"`, `W/"${digest}"`, digest, `"x", "${digest}"`, "*"]) {
      for (const method of ["GET", "HEAD"]) {
        const answered = await client.send(method, path, { headers: { "if-none-match": tag } });
        assert.equal(answered.status, 304, tag);
        assert.equal(answered.headers.etag, `"${digest}"`);
      }
    }
    const other = { "if-none-match": `"${computeDigest("x")}", "x"` };
    assert.equal((await client.send("GET", path, { headers: other })).status, 200);
    const gone = { "if-none-match": "*" };
    const unknown = await client.send("GET", `/v2/other/blobs/${digest}`, { headers: gone });
    assert.equal(unknown.status, 404);
    assert.equal(open(), 0);
  });
});

describe("a part of a blob", () => {
  const ranges: readonly (readonly [header: string, first: number, last: number])[] = [
    ["bytes=500-1499", 500, 1499],
    ["bytes=0-0", 0, 0],
    ["bytes=2999-2999", 2999, 2999],
    ["bytes=500-", 500, 2999],
    ["bytes=-500", 2500, 2999],
    ["bytes=-5000", 0, 2999],
    ["bytes=2000-5000", 2000, 2999],
    ["Bytes= 1 - 2 ", 1, 2],
  ];
  for (const [range, first, last] of ranges) {
    it(`comes for ${range}`, async () => {
      const { client, open } = await withBlob();
      const got = await client.send("GET", path, { headers: { range } });
      assert.deepEqual([got.status, got.headers["content-range"]], [206, `bytes ${first}-${last}/3000`]);
      assert.ok(got.bytes.equals(content.subarray(first, last + 1)));
      assert.equal(got.headers["docker-content-digest"], digest);
      assert.equal(open(), 0);
    });
  }

  for (const range of [
    "bytes=3000-",
    "bytes=5000-10000",
    "bytes=500-0",
    "bytes=-0",
    "bytes=-",
    "bytes=a-b",
  ]) {
    it(`is not to be had for ${range}`, async () => {
      const { client, open } = await withBlob();
      const got = await client.send("GET", path, { headers: { range } });
      assert.deepEqual([got.status, got.headers["content-range"]], [416, "bytes */3000"]);
      assert.equal(open(), 0, "what is not sent is closed");
    });
  }

  for (const range of ["lines=1-2", "bytes=0-1,5-6", `bytes=${"0-0,".repeat(500)}1-2`, "bytes", ""]) {
    it(`is the whole for ${range.slice(0, 30)}`, async () => {
      const { client } = await withBlob();
      const got = await client.send("GET", path, { headers: { range } });
      assert.deepEqual([got.status, got.bytes.length], [200, 3000]);
      assert.equal(got.headers["content-range"], undefined);
    });
  }

  it("comes only while the content is the one that was begun with", async () => {
    const { client } = await withBlob();
    const range = "bytes=1-2";
    const statusFor = async (condition: string) =>
      (await client.send("GET", path, { headers: { range, "if-range": condition } })).status;
    assert.equal(await statusFor(`"${digest}"`), 206);
    assert.equal(await statusFor(`"${computeDigest("x")}"`), 200);
    // A weak tag and a date do not show that the bytes are the same.
    assert.equal(await statusFor(`W/"${digest}"`), 200);
    assert.equal(await statusFor("Wed, 21 Oct 2026 07:28:00 GMT"), 200);
  });

  it("of an empty blob is none", async () => {
    const client = openRegistry();
    const none = await client.pushBlob("team/app", "");
    const target = `/v2/team/app/blobs/${none}`;
    assert.deepEqual([(await client.send("GET", target)).status], [200]);
    assert.equal((await client.send("GET", target, { headers: { range: "bytes=0-0" } })).status, 416);
    assert.equal((await client.send("GET", target, { headers: { range: "bytes=-1" } })).status, 416);
  });
});

describe("a deleted blob", () => {
  it("is gone from its repository alone", async () => {
    const { client } = await withBlob();
    await client.send("POST", `/v2/other/blobs/uploads/?mount=${digest}&from=team/app`);
    assert.equal((await client.send("DELETE", path)).status, 202);
    assert.equal((await client.send("DELETE", path)).status, 404);
    assert.equal((await client.send("GET", path)).status, 404);
    assert.ok((await client.send("GET", `/v2/other/blobs/${digest}`)).bytes.equals(content));
  });
});

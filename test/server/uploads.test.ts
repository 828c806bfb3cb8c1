import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { openRegistry } from "./registry-client.ts";

const content = Buffer.from("0123456789".repeat(300));
const digest = computeDigest(content);
const uploads = "/v2/team/app/blobs/uploads/";
const blob = `/v2/team/app/blobs/${digest}`;

async function start(client: ReturnType<typeof openRegistry>): Promise<string> {
  const started = await client.send("POST", uploads);
  assert.equal(started.status, 202);
  const { location = "", range, "docker-upload-uuid": id } = started.headers;
  // Relative: whatever a proxy in front does or tells, it leads back to where the request came from.
  assert.equal(location, `${uploads}${id}`);
  assert.equal(range, "0-0");
  return location;
}

function chunk(first: number, last: number) {
  return { body: content.subarray(first, last + 1), headers: { "content-range": `${first}-${last}` } };
}

describe("a blob pushed at once", () => {
  it("by POST and PUT", async () => {
    const client = openRegistry();
    const put = await client.send("PUT", `${await start(client)}?digest=${digest}`, { body: content });
    assert.equal(put.status, 201);
    assert.equal(put.headers.location, blob);
    assert.equal(put.headers["docker-content-digest"], digest);
    assert.ok((await client.send("GET", blob)).bytes.equals(content));
  });

  it("by POST alone", async () => {
    const client = openRegistry();
    for (const length of [content.length, null]) {
      const post = await client.send("POST", `${uploads}?digest=${digest}`, { body: content, length });
      assert.equal(post.status, 201);
      assert.equal(post.headers.location, blob);
    }
    assert.ok((await client.send("GET", blob)).bytes.equals(content));
  });

  it("is refused with another digest, and by POST leaves no upload behind", async () => {
    const storage = createMemoryStorage();
    const cancelled: string[] = [];
    const client = openRegistry({
      storage: {
        ...storage,
        cancelUpload: (repository, id) => {
          cancelled.push(id);
          return storage.cancelUpload(repository, id);
        },
      },
    });
    const other = computeDigest("other");
    const post = await client.send("POST", `${uploads}?digest=${other}`, { body: content });
    assert.deepEqual([post.status, post.codes], [400, ["DIGEST_INVALID"]]);
    assert.equal(cancelled.length, 1);
    assert.equal((await client.send("GET", `${uploads}${cancelled[0]}`)).status, 404);
    assert.equal((await client.send("HEAD", `/v2/team/app/blobs/${other}`)).status, 404);
    assert.equal((await client.send("HEAD", blob)).status, 404);
  });

  for (const algorithm of ["sha512", "sha384"] as const) {
    it(`by ${algorithm}`, async () => {
      const client = openRegistry();
      const named = computeDigest(content, algorithm);
      const begun = await client.send("POST", `${uploads}?digest-algorithm=${algorithm}`);
      assert.equal(begun.status, 202);
      const put = await client.send("PUT", `${begun.headers.location}?digest=${named}`, { body: content });
      assert.deepEqual([put.status, put.headers["docker-content-digest"]], [201, named]);
      assert.equal((await client.send("HEAD", `/v2/team/app/blobs/${named}`)).status, 200);
      assert.equal((await client.send("HEAD", blob)).status, 404);
    });
  }

  for (const bad of ["", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", digest.toUpperCase(), "x"]) {
    it(`is refused with the digest "${bad}"`, async () => {
      const client = openRegistry();
      const location = await start(client);
      const put = await client.send("PUT", `${location}?digest=${bad}`, { body: unread() });
      assert.deepEqual([put.status, put.codes], [400, ["DIGEST_INVALID"]]);
      const post = await client.send("POST", `${uploads}?digest=${bad}`, { body: unread() });
      assert.deepEqual([post.status, post.codes], [400, ["DIGEST_INVALID"]]);
      assert.equal((await client.send("PUT", `${location}?digest=${digest}`, { body: content })).status, 201);
    });
  }

  it("is refused with an algorithm that nobody knows", async () => {
    const begun = await openRegistry().send("POST", `${uploads}?digest-algorithm=md5`);
    assert.deepEqual([begun.status, begun.codes], [400, ["DIGEST_INVALID"]]);
  });
});

/** Whoever asks it for bytes fails: a refused request's body is not read. */
async function* unread(): AsyncGenerator<Buffer> {
  yield await Promise.reject(new Error("the body was read"));
}

describe("a blob pushed in parts", () => {
  it("as a stream, closed without a body", async () => {
    const client = openRegistry();
    const location = await start(client);
    const patched = await client.send("PATCH", location, { body: content, length: null });
    assert.deepEqual([patched.status, patched.headers.range], [202, `0-${content.length - 1}`]);
    const put = await client.send("PUT", `${patched.headers.location}?digest=${digest}`);
    assert.equal(put.status, 201);
    assert.ok((await client.send("GET", blob)).bytes.equals(content));
  });

  for (const lastBy of ["PATCH", "PUT"]) {
    it(`in chunks, the last one by ${lastBy}`, async () => {
      const client = openRegistry();
      const location = await start(client);
      const one = await client.send("PATCH", location, chunk(0, 999));
      assert.deepEqual([one.status, one.headers.range], [202, "0-999"]);
      const two = await client.send("PATCH", location, { ...chunk(1000, 1999), length: null });
      assert.deepEqual([two.status, two.headers.range], [202, "0-1999"]);
      const status = await client.send("GET", location);
      assert.deepEqual([status.status, status.headers.range], [204, "0-1999"]);
      assert.equal(status.headers.location, location);
      if (lastBy === "PATCH") await client.send("PATCH", location, chunk(2000, 2999));
      const last = lastBy === "PUT" ? chunk(2000, 2999) : {};
      const put = await client.send("PUT", `${location}?digest=${digest}`, last);
      assert.equal(put.status, 201, put.text);
      assert.ok((await client.send("GET", blob)).bytes.equals(content));
    });
  }

  it("takes them in their order alone, and tells where it is", async () => {
    const client = openRegistry();
    const location = await start(client);
    await client.send("PATCH", location, chunk(0, 999));
    for (const [first, last] of [
      [1001, 1500],
      [0, 999],
      [500, 1500],
      [2000, 2999],
    ] as const) {
      for (const target of [location, `${location}?digest=${digest}`]) {
        const method = target === location ? "PATCH" : "PUT";
        const refused = await client.send(method, target, { ...chunk(first, last), body: unread() });
        assert.deepEqual([refused.status, refused.codes], [416, ["BLOB_UPLOAD_INVALID"]]);
        assert.deepEqual([refused.headers.range, refused.headers.location], ["0-999", location]);
      }
    }
    assert.equal((await client.send("PATCH", location, chunk(1000, 2999))).status, 202);
    assert.equal((await client.send("PUT", `${location}?digest=${digest}`)).status, 201);
  });

  it("refuses a range that cannot be, or is not the body's", async () => {
    const client = openRegistry();
    const location = await start(client);
    for (const range of ["abc", "5-", "-5", "9-3", "0-1,2-3", "0x0-1", "-1-5"]) {
      const headers = { "content-range": range };
      const refused = await client.send("PATCH", location, { headers, body: unread(), length: 5 });
      assert.deepEqual([range, refused.status, refused.codes], [range, 400, ["BLOB_UPLOAD_INVALID"]]);
    }
    const headers = { "content-range": "0-99" };
    const short = await client.send("PATCH", location, { headers, body: unread(), length: 5 });
    assert.deepEqual([short.status, short.codes], [400, ["SIZE_INVALID"]]);
    for (const body of [content.subarray(0, 50), content.subarray(0, 150)]) {
      const begun = await start(client);
      const streamed = await client.send("PATCH", begun, { headers, body, length: null });
      assert.deepEqual([streamed.status, streamed.codes], [400, ["SIZE_INVALID"]]);
    }
  });

  it("stays for another try when the digest is another", async () => {
    const client = openRegistry();
    const location = await start(client);
    await client.send("PATCH", location, { body: content });
    const refused = await client.send("PUT", `${location}?digest=${computeDigest("other")}`);
    assert.deepEqual([refused.status, refused.codes], [400, ["DIGEST_INVALID"]]);
    assert.equal((await client.send("GET", location)).headers.range, `0-${content.length - 1}`);
    assert.equal((await client.send("PUT", `${location}?digest=${digest}`)).status, 201);
  });

  it("is cancelled", async () => {
    const client = openRegistry();
    const location = await start(client);
    await client.send("PATCH", location, chunk(0, 9));
    assert.equal((await client.send("DELETE", location)).status, 204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const gone = await client.send(method, location, method === "PATCH" ? { body: unread() } : {});
      assert.deepEqual([gone.status, gone.codes], [404, ["BLOB_UPLOAD_UNKNOWN"]]);
    }
    const put = await client.send("PUT", `${location}?digest=${digest}`);
    assert.deepEqual([put.status, put.codes], [404, ["BLOB_UPLOAD_UNKNOWN"]]);
  });

  it("is not reached through another repository, nor by ids that nobody made", async () => {
    const client = openRegistry();
    const id = (await start(client)).slice(uploads.length);
    for (const target of [
      `/v2/other/blobs/uploads/${id}`,
      `${uploads}..`,
      `${uploads}%2e%2e%2f${id}`,
      `${uploads}${"x".repeat(500)}`,
      `${uploads}%00`,
    ]) {
      for (const method of ["GET", "PATCH", "DELETE", "PUT"]) {
        const query = method === "PUT" ? `?digest=${digest}` : "";
        const got = await client.send(method, `${target}${query}`, { body: unread(), length: 5 });
        assert.deepEqual([target, got.status, got.codes], [target, 404, ["BLOB_UPLOAD_UNKNOWN"]]);
      }
    }
  });

  it("has one writer at a time, and tells when to come again", async () => {
    const client = openRegistry();
    const location = await start(client);
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 10);
      begun.resolve();
      await held.promise;
      yield content.subarray(10);
    }
    const first = client.send("PATCH", location, { body: slow() });
    await begun.promise;
    const second = await client.send("PUT", `${location}?digest=${digest}`);
    assert.deepEqual([second.status, second.codes], [429, ["TOOMANYREQUESTS"]]);
    assert.equal(second.headers["retry-after"], "1");
    held.resolve();
    assert.equal((await first).status, 202);
    assert.equal((await client.send("PUT", `${location}?digest=${digest}`)).status, 201);
  });

  it("goes on after a body that broke off, which is no failure of ours", async () => {
    const failures: unknown[] = [];
    const client = openRegistry({ onFailure: (failure) => failures.push(failure) });
    const location = await start(client);
    async function* cut(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 1000);
      throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    }
    const broken = await client.send("PATCH", location, { body: cut() });
    assert.equal(broken.status, 400);
    assert.deepEqual(failures, []);
    assert.equal((await client.send("GET", location)).headers.range, "0-999");
    assert.equal((await client.send("PATCH", location, chunk(1000, 2999))).status, 202);
    assert.equal((await client.send("PUT", `${location}?digest=${digest}`)).status, 201);
  });
});

describe("a blob beyond the limit", () => {
  const limits = { blobBytes: 2000 };
  const tooLarge = [413, ["SIZE_INVALID"]];

  it("is refused before it is read when its length is known", async () => {
    const client = openRegistry({ limits });
    const location = await start(client);
    const asked = { body: unread(), length: 2001 };
    const answers = [
      await client.send("PATCH", location, asked),
      await client.send("PUT", `${location}?digest=${digest}`, asked),
      await client.send("POST", `${uploads}?digest=${digest}`, asked),
    ];
    for (const { status, codes } of answers) assert.deepEqual([status, codes], tooLarge);
  });

  it("is refused on its way when it is not, and the upload stays as it was", async () => {
    const client = openRegistry({ limits });
    const location = await start(client);
    await client.send("PATCH", location, { body: content.subarray(0, 100) });
    const streamed = await client.send("PATCH", location, { body: content, length: null });
    assert.deepEqual([streamed.status, streamed.codes], tooLarge);
    assert.equal((await client.send("GET", location)).headers.range, "0-99");
    const next = await client.send("PATCH", location, { body: unread(), length: 1901 });
    assert.deepEqual([next.status, next.codes], tooLarge);
    assert.equal((await client.send("PATCH", location, { body: content.subarray(100, 2000) })).status, 202);
  });
});

describe("a blob of another repository", () => {
  const mount = (more: string) => `/v2/other/blobs/uploads/?mount=${digest}${more}`;

  it("is mounted, with and without saying from where", async () => {
    for (const more of ["&from=team/app", "&from=", ""]) {
      const client = openRegistry();
      await client.pushBlob("team/app", content);
      const mounted = await client.send("POST", mount(more));
      assert.equal(mounted.status, 201);
      assert.equal(mounted.headers.location, `/v2/other/blobs/${digest}`);
      assert.equal(mounted.headers["docker-content-digest"], digest);
      assert.ok((await client.send("GET", `/v2/other/blobs/${digest}`)).bytes.equals(content));
    }
  });

  it("is uploaded when it is not there", async () => {
    const client = openRegistry();
    await client.pushBlob("team/app", content);
    for (const more of ["&from=team/web", "&from=No/Name", "&from=../team/app"]) {
      const answered = await client.send("POST", mount(more));
      assert.equal(answered.status, 202);
      assert.match(answered.headers.location ?? "", /^\/v2\/other\/blobs\/uploads\//);
    }
    const unknown = await client.send("POST", `/v2/other/blobs/uploads/?mount=${computeDigest("x")}`);
    assert.equal(unknown.status, 202);
    const bad = await client.send("POST", "/v2/other/blobs/uploads/?mount=sha256:x&from=team/app");
    assert.deepEqual([bad.status, bad.codes], [400, ["DIGEST_INVALID"]]);
  });

  it("is not given to whoever may not read it there", async () => {
    const asked: (string | null)[] = [];
    const mayRead = (_request: unknown, repository: string | null) => {
      asked.push(repository);
      return repository === "open";
    };
    const client = openRegistry({ mayRead });
    await client.pushBlob("team/app", content);
    await client.pushBlob("open", content);
    assert.equal((await client.send("POST", mount("&from=team/app"))).status, 202);
    assert.equal((await client.send("POST", mount(""))).status, 202);
    assert.equal((await client.send("POST", mount("&from=open"))).status, 201);
    assert.deepEqual(asked, ["team/app", null, "open"]);
  });
});

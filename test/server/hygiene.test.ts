import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { type Storage, StorageFailure, type StorageProblem } from "../../src/server/storage.ts";
import { imageOf } from "./content.ts";
import { openRegistry } from "./registry-client.ts";

const digest = computeDigest("x");
const longName = "a".repeat(256);

async function* unread(): AsyncGenerator<Buffer> {
  yield await Promise.reject(new Error("the body of a refused request was read"));
}

describe("the base", () => {
  for (const path of ["/v2/", "/v2"]) {
    it(`${path} says that this is a registry`, async () => {
      const got = await openRegistry().send("GET", path);
      assert.deepEqual([got.status, got.json], [200, {}]);
      assert.equal(got.headers["docker-distribution-api-version"], "registry/2.0");
    });
  }
});

describe("the root", () => {
  it("tells a person what this is and how to push", async () => {
    const got = await openRegistry().send("GET", "/");
    assert.match(got.headers["content-type"] ?? "", /^text\/plain/);
    assert.match(got.text, /container registry/);
    assert.match(got.text, /docker push registry\.test:5000\/my-image:1\.0/);
  });

  it("is HTML for browsers, wherever they come from", async () => {
    const headers = {
      accept: "text/html,*/*;q=0.8",
      "sec-fetch-site": "cross-site",
      origin: "https://x.test",
    };
    const got = await openRegistry().send("GET", "/", { headers });
    assert.deepEqual([got.status, got.headers["content-type"]], [200, "text/html; charset=utf-8"]);
    assert.match(got.text, /<pre>.*registry\.test:5000/s);
    assert.match(got.headers["content-security-policy"] ?? "", /default-src 'none'/);
  });

  it("shows back no text that is no host", async () => {
    for (const accept of ["text/html", "text/plain"]) {
      const got = await openRegistry().send("GET", "/", {
        headers: { accept },
        authority: "<script>alert(1)</script>",
      });
      assert.doesNotMatch(got.text, /script/);
      assert.match(got.text, /HOST:PORT/);
    }
  });
});

describe("a path", () => {
  const refused: readonly (readonly [path: string, status: number, code: string])[] = [
    ["", 404, "NOT_FOUND"],
    ["/v1/", 404, "NOT_FOUND"],
    ["/v2/team/app", 404, "NOT_FOUND"],
    ["/v2/team/app/", 404, "NOT_FOUND"],
    ["/v2/team/app/manifests/", 404, "NOT_FOUND"],
    ["/v2/team/app/things/x", 404, "NOT_FOUND"],
    ["/v2/constructor/__proto__/x", 404, "NOT_FOUND"],
    ["/__proto__", 404, "NOT_FOUND"],
    ["/v3/team/app/tags/list", 404, "NOT_FOUND"],
    ["//v2/team/app/tags/list", 404, "NOT_FOUND"],
    ["/v2/Team/app/tags/list", 400, "NAME_INVALID"],
    ["/v2//tags/list", 400, "NAME_INVALID"],
    ["/v2/tags/list", 400, "NAME_INVALID"],
    ["/v2/a//b/tags/list", 400, "NAME_INVALID"],
    ["/v2/../etc/tags/list", 400, "NAME_INVALID"],
    ["/v2/a/../../b/manifests/x", 400, "NAME_INVALID"],
    ["/v2/a/./b/manifests/x", 400, "NAME_INVALID"],
    ["/v2/%2e%2e/manifests/x", 400, "NAME_INVALID"],
    ["/v2/team%2fapp/manifests/x", 400, "NAME_INVALID"],
    ["/v2/team%5capp/manifests/x", 400, "NAME_INVALID"],
    ["/v2/team\\app/manifests/x", 400, "NAME_INVALID"],
    ["/v2/a%00b/manifests/x", 400, "NAME_INVALID"],
    ["/v2/-a/blobs/uploads/", 400, "NAME_INVALID"],
    [`/v2/${longName}/tags/list`, 400, "NAME_INVALID"],
    ["/v2/a/manifests/%", 400, "NAME_INVALID"],
    ["/v2/a/manifests/%ff", 400, "NAME_INVALID"],
    [`/v2/a/manifests/${"x".repeat(5000)}`, 414, "NAME_INVALID"],
  ];
  for (const [path, status, code] of refused) {
    it(`${JSON.stringify(path.slice(0, 40))} is refused`, async () => {
      const got = await openRegistry().send("GET", path, { body: unread() });
      assert.deepEqual([got.status, got.codes], [status, [code]]);
    });
  }

  it("may hold words of its own in names", async () => {
    const client = openRegistry();
    for (const name of [
      "a/blobs/uploads",
      "tags/list",
      "v2/manifests",
      "a.b_c__d-e--f/0",
      longName.slice(1),
    ]) {
      const { blobs, manifest } = imageOf();
      for (const { bytes } of blobs) await client.pushBlob(name, bytes);
      await client.pushManifest(name, "list", manifest.bytes, manifest.mediaType);
      assert.equal((await client.send("GET", `/v2/${name}/manifests/list`)).status, 200);
      assert.deepEqual((await client.send("GET", `/v2/${name}/tags/list`)).json, { name, tags: ["list"] });
    }
  });

  it("of uploads may lack its last slash", async () => {
    assert.equal((await openRegistry().send("POST", "/v2/a/blobs/uploads")).status, 202);
  });
});

describe("a method", () => {
  const wrong: readonly (readonly [method: string, path: string, allow: string])[] = [
    ["POST", "/v2/", "GET, HEAD"],
    ["DELETE", "/v2/_catalog", "GET, HEAD"],
    ["PUT", "/v2/a/tags/list", "GET, HEAD"],
    ["POST", "/v2/a/manifests/x", "GET, HEAD, PUT, DELETE"],
    ["PUT", `/v2/a/blobs/${digest}`, "GET, HEAD, DELETE"],
    ["GET", "/v2/a/blobs/uploads/", "POST"],
    ["POST", "/v2/a/blobs/uploads/id", "GET, HEAD, PATCH, PUT, DELETE"],
    ["PUT", `/v2/a/referrers/${digest}`, "GET, HEAD"],
    ["POST", "/v1/search", "GET, HEAD"],
    ["POST", "/", "GET, HEAD"],
    ["OPTIONS", "/v2/", "GET, HEAD"],
    ["constructor", "/v2/", "GET, HEAD"],
  ];
  for (const [method, path, allow] of wrong) {
    it(`${method} is not for ${path.slice(0, 30)}`, async () => {
      const got = await openRegistry().send(method, path, { body: unread() });
      assert.deepEqual([got.status, got.codes, got.headers.allow], [405, ["UNSUPPORTED"], allow]);
    });
  }

  it("that writes is refused by a registry that is read-only", async () => {
    const client = openRegistry({ readOnly: true });
    for (const [method, path] of [
      ["POST", "/v2/a/blobs/uploads/"],
      ["PATCH", "/v2/a/blobs/uploads/id"],
      ["PUT", "/v2/a/manifests/x"],
      ["DELETE", "/v2/a/manifests/x"],
      ["DELETE", `/v2/a/blobs/${digest}`],
    ] as const) {
      const got = await client.send(method, path, { body: unread(), length: 10 });
      assert.deepEqual([got.status, got.codes, got.headers.allow], [405, ["UNSUPPORTED"], "GET, HEAD"]);
    }
    assert.equal((await client.send("GET", "/v2/_catalog")).status, 200);
  });
});

describe("a page of another site", () => {
  const foreign: readonly Readonly<Record<string, string>>[] = [
    { origin: "https://evil.test" },
    { origin: "null" },
    { origin: "http://registry.test:5001" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none, none" },
    { "sec-fetch-site": "same-origin", origin: "https://evil.test" },
  ];
  for (const headers of foreign) {
    it(`is refused: ${JSON.stringify(headers)}`, async () => {
      for (const [method, path] of [
        ["GET", "/v2/_catalog"],
        ["POST", "/v2/a/blobs/uploads/"],
        ["DELETE", "/v2/a/manifests/x"],
        ["GET", "/v1/search"],
        ["GET", "/nothing"],
      ] as const) {
        const got = await openRegistry().send(method, path, { headers, body: unread() });
        assert.deepEqual([got.status, got.codes], [403, ["DENIED"]]);
      }
    });
  }

  it("is no program, and no page of ours", async () => {
    for (const headers of [
      {},
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "same-origin", origin: "http://registry.test:5000" },
      // A proxy in front speaks TLS.
      { origin: "https://registry.test:5000" },
    ]) {
      assert.equal((await openRegistry().send("GET", "/v2/_catalog", { headers })).status, 200);
    }
  });
});

describe("a query", () => {
  it("of very many parameters is refused", async () => {
    const query = Array.from({ length: 200 }, (_, index) => `p${index}=1`).join("&");
    const got = await openRegistry().send("GET", `/v2/_catalog?${query}`);
    assert.deepEqual([got.status, got.codes], [414, ["UNSUPPORTED"]]);
  });
});

describe("a storage that fails", () => {
  const cases: readonly (readonly [StorageProblem, status: number, code: string, told: boolean, RegExp])[] = [
    ["full", 507, "UNKNOWN", true, /no space left in the registry's storage/],
    ["read-only", 405, "UNSUPPORTED", false, /read-only/],
    ["damaged", 500, "UNKNOWN", true, /damaged/],
    ["failed", 500, "UNKNOWN", true, /failed/],
    ["too-large", 413, "SIZE_INVALID", false, /larger than the limit/],
  ];
  const failing = (error: unknown): Storage => {
    const fail = () => Promise.reject(error);
    return { ...createMemoryStorage(), openBlob: fail, startUpload: fail, getManifest: fail, tags: fail };
  };

  for (const [problem, status, code, told, message] of cases) {
    it(`${problem} is ${status}, without a word of its files`, async () => {
      const failures: unknown[] = [];
      const error = new StorageFailure(problem, "/srv/secret/blobs: EIO");
      const client = openRegistry({
        storage: failing(error),
        onFailure: (failure) => failures.push(failure),
      });
      const got = await client.send("POST", "/v2/a/blobs/uploads/");
      assert.deepEqual([got.status, got.codes], [status, [code]]);
      assert.match(got.text, message);
      assert.doesNotMatch(got.text, /secret/);
      assert.equal(got.headers.allow, status === 405 ? "GET, HEAD" : undefined);
      assert.deepEqual(failures, told ? [{ what: "POST /v2/a/blobs/uploads/", error }] : []);
    });
  }

  it("by a fault of ours is 500, and told with its cause", async () => {
    const error = new TypeError("oops of /srv/secret");
    const failures: { readonly error: unknown }[] = [];
    const client = openRegistry({ storage: failing(error), onFailure: (failure) => failures.push(failure) });
    for (const path of ["/v2/a/manifests/x", `/v2/a/blobs/${digest}`, "/v2/a/tags/list"]) {
      const got = await client.send("GET", path);
      assert.deepEqual([got.status, got.codes], [500, ["UNKNOWN"]]);
      assert.doesNotMatch(got.text, /oops|secret/);
    }
    assert.deepEqual(
      failures.map((failure) => failure.error),
      [error, error, error],
    );
  });
});

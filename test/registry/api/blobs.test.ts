import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import type { Upload } from "../../../src/registry/api/uploads.ts";
import { commitTimeoutMs } from "../../../src/registry/api/uploads.ts";
import type { RegistryClient } from "../../../src/registry/client.ts";
import { computeDigest } from "../../../src/registry/digest.ts";
import { openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const digest = computeDigest("hello");
const path = `/v2/app/blobs/${digest}`;

async function ask<T>(
  exchanges: readonly Exchange[],
  action: (client: RegistryClient, url: string) => Promise<T>,
): Promise<T> {
  await using registry = await startScriptedRegistry([{ request: "GET /v2/", answer: {} }, ...exchanges]);
  await using opened = await openTestClient(registry.host);
  const result = await action(opened.client, registry.url);
  registry.done();
  return result;
}

describe("blobs", () => {
  test("their size, or null", async () => {
    const head = (client: RegistryClient) => client.headBlob("app", digest);
    const answerHeaders = { "content-length": "5" };
    assert.deepEqual(await ask([{ request: `HEAD ${path}`, answerHeaders }], head), { size: 5 });
    assert.equal(await ask([{ request: `HEAD ${path}`, status: 404 }], head), null);
  });

  test("a range, or the whole from a registry that knows none", async () => {
    const get = (client: RegistryClient) => client.getBlob("app", digest, { start: 1, end: 3 });
    const request = `GET ${path}`;
    const headers = { range: "bytes=1-3", "accept-encoding": "identity" };
    const answerHeaders = { "content-range": "bytes 1-3/5" };
    const part = await ask(
      [{ request, headers, status: 206, answerHeaders, answer: "ell" }],
      async (client) => {
        const { stream, ...rest } = await get(client);
        return { ...rest, text: String(Buffer.concat(await stream.toArray())) };
      },
    );
    assert.deepEqual(part, { start: 1, size: 5, text: "ell" });
    const whole = await ask([{ request, headers, answer: "hello" }], async (client) => {
      const { stream, ...rest } = await get(client);
      return { ...rest, text: String(Buffer.concat(await stream.toArray())) };
    });
    assert.deepEqual(whole, { start: 0, size: 5, text: "hello" });
  });

  test("another part than was asked for is refused", async () => {
    const answerHeaders = { "content-range": "bytes 0-2/5" };
    const exchange = { request: `GET ${path}`, status: 206, answerHeaders, answer: "hel" };
    await assert.rejects(
      ask([exchange], (client) => client.getBlob("app", digest, { start: 1 })),
      (error) => isRegctlError(error, "REGISTRY_ERROR"),
    );
  });

  test("a stream that breaks off fails for who reads it", async () => {
    const respond: Exchange["respond"] = (_request, response) => {
      response.writeHead(200, { "content-length": "5" });
      response.write("he");
      setImmediate(() => response.destroy());
    };
    await ask([{ request: `GET ${path}`, respond }], async (client) => {
      const { stream } = await client.getBlob("app", digest);
      await assert.rejects(stream.toArray());
    });
  });
});

describe("uploads", () => {
  const start = "POST /v2/app/blobs/uploads/";
  const uploading = (location: string, range?: string) => ({
    status: 202,
    answerHeaders: { location, ...(range === undefined ? {} : { range }) },
  });

  test("whole, as one stream: begun, sent, ended", async () => {
    const body = {
      open: () => Readable.from([Buffer.from("hel"), Buffer.from("lo")]),
      length: 5,
      again: true,
    };
    const exchanges = [
      {
        request: start,
        headers: { "content-length": "0" },
        ...uploading("/v2/app/blobs/uploads/1?_state=a", "0-0"),
      },
      {
        request: "PATCH /v2/app/blobs/uploads/1?_state=a",
        headers: { "content-length": "5", "content-range": null, "content-type": "application/octet-stream" },
        body: "hello",
        ...uploading("/v2/app/blobs/uploads/1?_state=b", "0-4"),
      },
      { request: `PUT /v2/app/blobs/uploads/1?_state=b&digest=${digest.replace(":", "%3A")}`, status: 201 },
    ];
    const ended = await ask(exchanges, async (client) => {
      const sent = await client.patchUpload(await client.startUpload("app"), body, false);
      assert.equal(sent.offset, 5);
      return await client.putUpload(sent, digest);
    });
    assert.equal(ended, digest);
  });

  test("in chunks, each with its place and the registry's new address", async () => {
    const answerHeaders = { location: "/u/1", range: "0-0", "oci-chunk-min-length": "2" };
    const exchanges = [
      { request: start, status: 202, answerHeaders },
      { request: "PATCH /u/1", headers: { "content-range": "0-1" }, body: "he", ...uploading("/u/2", "0-1") },
      // ECR answers 201, and some say nothing about the range.
      {
        request: "PATCH /u/2",
        headers: { "content-range": "2-3" },
        body: "ll",
        ...uploading("/u/3"),
        status: 201,
      },
      { request: `PUT /u/3?digest=${digest.replace(":", "%3A")}`, body: "o", status: 201 },
    ];
    await ask(exchanges, async (client) => {
      let upload = await client.startUpload("app");
      assert.equal(upload.leastChunk, 2);
      for (const part of ["he", "ll"]) upload = await client.patchUpload(upload, Buffer.from(part), true);
      assert.deepEqual([upload.offset, upload.leastChunk], [4, 2]);
      await client.putUpload(upload, digest, Buffer.from("o"));
    });
  });

  test("gone on with: how far it has come, or that it is gone", async () => {
    const upload: Upload = { repository: "app", url: "", offset: 0, leastChunk: null };
    const exchanges = [
      { request: "GET /u/1", status: 204, answerHeaders: { location: "/u/9", range: "0-99" } },
      { request: "GET /u/2", status: 404 },
    ];
    await ask(exchanges, async (client, url) => {
      const found = await client.uploadStatus({ ...upload, url: `${url}/u/1` });
      assert.deepEqual(found, { ...upload, url: `${url}/u/9`, offset: 100 });
      assert.equal(await client.uploadStatus({ ...upload, url: `${url}/u/2` }), null);
    });
  });

  for (const status of [413, 416]) {
    test(`${status} is told with its status`, async () => {
      await assert.rejects(
        ask([{ request: "PATCH /u/1", status, answer: "<html>" }], (client, url) =>
          client.patchUpload(
            { repository: "app", url: `${url}/u/1`, offset: 0, leastChunk: null },
            Buffer.from("x"),
            true,
          ),
        ),
        (error) => isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === status,
      );
    });
  }

  test("mounted, or an upload instead", async () => {
    const request = `${start}?mount=${digest.replace(":", "%3A")}`;
    const mount = (from: string | null) => (client: RegistryClient) => client.mountBlob("app", digest, from);
    assert.equal(await ask([{ request: `${request}&from=base`, status: 201 }], mount("base")), "mounted");
    const instead = await ask([{ request, ...uploading("/u/1") }], mount(null));
    assert.ok(instead !== "mounted" && instead.url.endsWith("/u/1"));
  });

  test("cancelled, whether or not it is still there", async () => {
    const exchanges = [
      { request: "DELETE /u/1", status: 204 },
      { request: "DELETE /u/1", status: 404 },
    ];
    await ask(exchanges, async (client, url) => {
      const upload = { repository: "app", url: `${url}/u/1`, offset: 0, leastChunk: null };
      await client.cancelUpload(upload);
      await client.cancelUpload(upload);
    });
  });

  test("an address with the wrong scheme is put right (a proxy without X-Forwarded-Proto)", async () => {
    await using registry = await startScriptedRegistry([{ request: "GET /v2/", answer: {} }]);
    registry.expect({ request: start, ...uploading(`https://${registry.host}/u/1`) });
    await using opened = await openTestClient(registry.host);
    assert.equal((await opened.client.startUpload("app")).url, `${registry.url}/u/1`);
    registry.done();
  });
});

test("the end of an upload is waited for by its size: a minute for a small one, never more than a quarter of an hour", () => {
  const minute = 60_000;
  assert.equal(commitTimeoutMs(0), minute);
  assert.ok(commitTimeoutMs(1024 * 1024) < minute + 1000);
  assert.ok(commitTimeoutMs(1024 ** 3) > 9 * minute);
  assert.equal(commitTimeoutMs(1024 ** 4), 15 * minute);
  assert.equal(commitTimeoutMs(Number.POSITIVE_INFINITY), 15 * minute);
});

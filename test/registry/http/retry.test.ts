import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const pinged: Exchange = { request: "GET /v2/", answer: {} };
const tags = "GET /v2/app/tags/list?n=1000";
const fine: Exchange = { request: tags, answer: { tags: ["1"] } };

const cut = (request: IncomingMessage, _response: ServerResponse): void => {
  request.socket.destroy();
};

async function readTags(exchanges: readonly Exchange[]) {
  await using registry = await startScriptedRegistry([pinged, ...exchanges]);
  await using opened = await openTestClient(registry.host);
  const found: string[] = [];
  for await (const { entries } of opened.client.tagPages("app")) found.push(...entries);
  registry.done();
  return { found, waits: opened.waits };
}

describe("what passes is asked for again", () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    test(`three times ${status}, then an answer, with longer waits each time`, async () => {
      const { found, waits } = await readTags([{ request: tags, status, times: 3 }, fine]);
      assert.deepEqual(found, ["1"]);
      assert.deepEqual(waits, [187.5, 375, 750]);
    });
  }

  test("a connection that breaks, before and in the middle of the answer", async () => {
    const half = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"tags":');
      setImmediate(() => response.destroy());
    };
    const { found } = await readTags([
      { request: tags, respond: cut },
      { request: tags, respond: half },
      fine,
    ]);
    assert.deepEqual(found, ["1"]);
  });

  test("Retry-After is waited for", async () => {
    const busy = (after: string): Exchange => ({
      request: tags,
      status: 429,
      answerHeaders: { "retry-after": after },
    });
    assert.deepEqual((await readTags([busy("7"), fine])).waits, [7000]);
    assert.deepEqual((await readTags([busy("Thu, 01 Jan 2026 00:00:30 GMT"), fine])).waits, [30_000]);
    assert.deepEqual((await readTags([busy("nonsense"), fine])).waits, [187.5]);
  });
});

describe("what does not pass is told at once", () => {
  for (const [status, code] of [
    [400, "REGISTRY_ERROR"],
    [403, "DENIED"],
    [404, "NOT_FOUND"],
    [501, "REGISTRY_ERROR"],
  ] as const) {
    test(`${status} is ${code}`, async () => {
      const times = status === 400 ? 1 : 1;
      const refused: Exchange = {
        request: tags,
        status,
        times,
        answer: { errors: [{ code: "X", message: "why" }] },
      };
      // A list is asked for a second time without a page size.
      const unsized: Exchange = { ...refused, request: "GET /v2/app/tags/list" };
      await assert.rejects(readTags(status === 400 ? [refused, unsized] : [refused]), (error) => {
        assert.ok(isRegctlError(error, code), String(error));
        assert.match(JSON.stringify(error.facts), /why/);
        return true;
      });
    });
  }

  test("patience ends after five attempts", async () => {
    await assert.rejects(readTags([{ request: tags, status: 503, times: 5, answer: "down" }]), (error) => {
      assert.ok(isRegctlError(error, "REGISTRY_ERROR"));
      assert.deepEqual(error.facts.status, 503);
      return true;
    });
  });

  test("a Retry-After of an hour is told, not waited for", async () => {
    const limited: Exchange = {
      request: tags,
      status: 429,
      answerHeaders: { "retry-after": "3600" },
      answer: { errors: [{ code: "TOOMANYREQUESTS", message: "slow down" }] },
    };
    await assert.rejects(readTags([limited]), (error) => {
      assert.ok(isRegctlError(error, "RATE_LIMITED"));
      assert.deepEqual(error.facts.retryAfterSeconds, 3600);
      assert.equal(error.facts.message, "slow down");
      return true;
    });
  });
});

describe("bodies", () => {
  const upload = { repository: "app", offset: 0, leastChunk: null };
  const patch = "PATCH /v2/app/blobs/uploads/1";

  test("a manifest is pushed again, byte for byte", async () => {
    const body = Buffer.from("{}");
    const put = "PUT /v2/app/manifests/1";
    await using registry = await startScriptedRegistry([
      pinged,
      { request: put, body, respond: cut },
      { request: put, body, status: 500 },
      { request: put, body, status: 201 },
    ]);
    await using opened = await openTestClient(registry.host);
    await opened.client.putManifest("app", "1", { bytes: body, mediaType: "application/json" });
    registry.done();
  });

  test("a chunk is not sent again when nobody knows whether it arrived", async () => {
    await using registry = await startScriptedRegistry([pinged, { request: patch, status: 500 }]);
    await using opened = await openTestClient(registry.host);
    const sent = opened.client.patchUpload(
      { ...upload, url: `${registry.url}/v2/app/blobs/uploads/1` },
      Buffer.from("x"),
      false,
    );
    await assert.rejects(
      sent,
      (error) => isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === 500,
    );
    registry.done();
  });

  test("a stream that opens again is sent again after 429, one that does not is not", async () => {
    await using registry = await startScriptedRegistry([
      pinged,
      { request: patch, status: 429, times: 2 },
      { request: patch, body: "abc", status: 202 },
    ]);
    await using opened = await openTestClient(registry.host);
    const place = { ...upload, url: `${registry.url}/v2/app/blobs/uploads/1` };
    const body = (again: boolean) => ({ open: () => Readable.from([Buffer.from("abc")]), length: 3, again });
    await assert.rejects(opened.client.patchUpload(place, body(false), false), (error) =>
      isRegctlError(error, "RATE_LIMITED"),
    );
    assert.equal((await opened.client.patchUpload(place, body(true), false)).offset, 3);
    registry.done();
  });
});

test("an interruption ends the wait and the request", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  await using registry = await startScriptedRegistry([
    pinged,
    { request: tags, respond: () => controller.abort(reason) },
  ]);
  await using opened = await openTestClient(registry.host, { signal: controller.signal });
  await assert.rejects(opened.client.tagPages("app").next(), reason);
});

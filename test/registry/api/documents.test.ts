/** Blobs that are read whole, and the search of Docker's first protocol. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { computeDigest } from "../../../src/registry/digest.ts";
import { openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const content = '{"os":"linux"}';
const digest = computeDigest(content);
const descriptor = { mediaType: "application/json", digest, size: content.length };
const open: Exchange = { request: "GET /v2/", answer: {} };

describe("a blob that is a document", () => {
  const blob = `GET /v2/a/b/blobs/${digest}`;
  const read = async (exchanges: readonly Exchange[], change = {}) => {
    await using registry = await startScriptedRegistry([open, ...exchanges]);
    await using opened = await openTestClient(registry.host);
    const bytes = await opened.client.readBlob("a/b", { ...descriptor, ...change });
    registry.done();
    return Buffer.from(bytes).toString();
  };

  test("is read whole, unpacked", async () => {
    assert.equal(
      await read([{ request: blob, headers: { "accept-encoding": "identity" }, answer: content }]),
      content,
    );
  });

  test("is asked for again when its connection breaks in the middle", async () => {
    const cut: Exchange = {
      request: blob,
      respond: (_, response) => {
        response.writeHead(200, { "content-length": String(content.length) });
        response.write(content.slice(0, 3));
        setTimeout(() => response.destroy(), 10);
      },
    };
    assert.equal(await read([cut, { request: blob, answer: content }]), content);
  });

  test("that the descriptor holds is not asked for", async () => {
    assert.equal(await read([], { data: Buffer.from(content).toString("base64") }), content);
  });

  for (const [name, answer, size] of [
    ["other bytes", content.replace("linux", "LINUX"), content.length],
    ["too few bytes", content, content.length + 1],
    ["too many bytes", content, content.length - 1],
  ] as const) {
    test(`with ${name} is refused`, async () => {
      await assert.rejects(read([{ request: blob, answer }], { size }), (error) =>
        isRegctlError(error, "DIGEST_MISMATCH"),
      );
    });
  }

  test("that is said to be huge is not asked for", async () => {
    await assert.rejects(read([], { size: 8 * 1024 * 1024 + 1 }), (error) =>
      isRegctlError(error, "CONTENT_BROKEN"),
    );
  });
});

describe("GET /v1/search", () => {
  const search = async (exchange: Omit<Exchange, "request">) => {
    await using registry = await startScriptedRegistry([
      open,
      { request: "GET /v1/search?q=my+app&n=100", ...exchange },
    ]);
    await using opened = await openTestClient(registry.host);
    const found = await opened.client.searchLegacy("my app");
    registry.done();
    return found;
  };

  // SOURCE: docker-archive/docker-registry docker_registry/search.py: descriptions may be null.
  test("gives names", async () => {
    const results = [
      { name: "library/app", description: null },
      { name: "team/app" },
      { description: "x" },
      5,
    ];
    assert.deepEqual(await search({ answer: { num_results: 2, query: "my app", results } }), [
      "library/app",
      "team/app",
    ]);
  });

  for (const [name, exchange] of [
    ["404, as Distribution", { status: 404, answer: "404 page not found\n" }],
    ["405", { status: 405 }],
    ["a page for people", { answer: "<html>", answerHeaders: { "content-type": "text/html" } }],
    ["JSON of another kind", { answer: { errors: [] } }],
  ] as const) {
    test(`${name}: it is not offered`, async () => assert.equal(await search(exchange), null));
  }

  test("a refusal is an error", async () => {
    await assert.rejects(search({ status: 403 }), (error) => isRegctlError(error, "DENIED"));
  });
});

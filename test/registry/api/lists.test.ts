/** Pages as registries really give them. Sources: the systems' documentation and issue threads, named by test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import type { PageOptions } from "../../../src/registry/api/lists.ts";
import { openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const catalog = "GET /v2/_catalog";
const tags = "GET /v2/a/b/tags/list";

async function read(kind: "catalog" | "tags", exchanges: readonly Exchange[], options?: PageOptions) {
  await using registry = await startScriptedRegistry([{ request: "GET /v2/", answer: {} }, ...exchanges]);
  await using opened = await openTestClient(registry.host);
  const { client } = opened;
  const pages = kind === "catalog" ? client.catalogPages(options) : client.tagPages("a/b", options);
  const found: string[][] = [];
  for await (const { entries } of pages) found.push([...entries]);
  registry.done();
  return found;
}

test("a relative link with last before n (Distribution)", async () => {
  const found = await read("catalog", [
    {
      request: `${catalog}?n=1000`,
      answer: { repositories: ["a", "b"] },
      answerHeaders: { link: '</v2/_catalog?last=b&n=1000>; rel="next"' },
    },
    { request: `${catalog}?last=b&n=1000`, answer: { repositories: ["c"] } },
  ]);
  assert.deepEqual(found, [["a", "b"], ["c"]]);
});

test("an opaque cursor is followed to the letter (ECR: NextToken, Quay: next_page)", async () => {
  const next = "/v2/a/b/tags/list?next_page=gAAA%2B%3D%3D&n=50";
  const found = await read("tags", [
    { request: `${tags}?n=1000`, answer: { tags: ["1"] }, answerHeaders: { link: `<${next}>; rel="next"` } },
    { request: `GET ${next}`, answer: { tags: ["2"] } },
  ]);
  assert.deepEqual(found, [["1"], ["2"]]);
});

test("an absolute link with the wrong scheme goes to the same registry (a proxy without X-Forwarded-Proto)", async () => {
  await using registry = await startScriptedRegistry([{ request: "GET /v2/", answer: {} }]);
  const link = `<https://${registry.host}/v2/a/b/tags/list?last=1>; rel="next"`;
  registry.expect(
    { request: `${tags}?n=1000`, answer: { tags: ["1"] }, answerHeaders: { link } },
    { request: `${tags}?last=1`, answer: { tags: ["2"] } },
  );
  await using opened = await openTestClient(registry.host);
  const found: string[] = [];
  for await (const { entries } of opened.client.tagPages("a/b")) found.push(...entries);
  assert.deepEqual(found, ["1", "2"]);
  registry.done();
});

test("a page size that is too large is left out (ECR, PAGINATION_NUMBER_INVALID)", async () => {
  const answer = {
    errors: [{ code: "PAGINATION_NUMBER_INVALID", message: "invalid number of results requested" }],
  };
  const found = await read("catalog", [
    { request: `${catalog}?n=1000`, status: 400, answer },
    { request: catalog, answer: { repositories: ["a"] } },
  ]);
  assert.deepEqual(found, [["a"]]);
});

test("tags that are null (Distribution, after the last was deleted), or have nulls in them (Nexus)", async () => {
  assert.deepEqual(await read("tags", [{ request: `${tags}?n=1000`, answer: { name: "a/b", tags: null } }]), [
    [],
  ]);
  const nulls = await read("tags", [{ request: `${tags}?n=1000`, answer: { tags: ["1", null, "2"] } }]);
  assert.deepEqual(nulls, [["1", "2"]]);
});

test("JSON that is called plain text (ECR)", async () => {
  const answerHeaders = { "content-type": "text/plain; charset=utf-8" };
  const answer = JSON.stringify({ tags: ["1"] });
  assert.deepEqual(await read("tags", [{ request: `${tags}?n=1000`, answer, answerHeaders }]), [["1"]]);
});

test("the list begins where it is asked to", async () => {
  const exchange = { request: `${catalog}?last=m&n=5`, answer: { repositories: ["n"] } };
  assert.deepEqual(await read("catalog", [exchange], { pageSize: 5, last: "m" }), [["n"]]);
});

test("pages that go round in a circle end", async () => {
  const link = `<${"/v2/_catalog?last=a"}>; rel="next"`;
  const round = { answer: { repositories: ["a"] }, answerHeaders: { link } };
  await assert.rejects(
    read("catalog", [
      { request: `${catalog}?n=1000`, ...round },
      { request: `${catalog}?last=a`, ...round },
    ]),
    (error) => isRegctlError(error, "REGISTRY_ERROR"),
  );
});

for (const [name, answer] of [
  ["NAME_UNKNOWN", { errors: [{ code: "NAME_UNKNOWN", message: "repository name not known to registry" }] }],
  ["UNKNOWN with words (registry.redhat.io)", { errors: [{ code: "UNKNOWN", message: "Not Found" }] }],
  ["plain text", "404 page not found"],
] as const) {
  test(`a repository that is not there: ${name}`, async () => {
    await assert.rejects(read("tags", [{ request: `${tags}?n=1000`, status: 404, answer }]), (error) =>
      isRegctlError(error, "NOT_FOUND"),
    );
  });
}

import assert from "node:assert/strict";
import { isRegctlError } from "../../../src/errors.ts";
import type { Exchange } from "../../support/scripted-registry.ts";
import { all, ask, open, type QuirkTests } from "./ask.ts";

const catalog = "GET /v2/_catalog";
const tags = "GET /v2/a/tags/list";
const link = (target: string) => ({ link: `<${target}>; rel="next"` });
const first = (next: string): Exchange => ({
  request: `${tags}?n=1000`,
  answer: { tags: ["1"] },
  answerHeaders: link(next),
});
const second = (target: string): Exchange => ({ request: `GET ${target}`, answer: { tags: ["2"] } });

async function readTags(...exchanges: readonly Exchange[]): Promise<readonly string[]> {
  return await ask([open, ...exchanges], (client) => all(client.tagPages("a")));
}

/** The page is asked for once more, without its size. */
async function refused(status: number, code: string): Promise<void> {
  const answer = { errors: [{ code, message: "too many", detail: { n: 1000 } }] };
  const found = await readTags(
    { request: `${tags}?n=1000`, status, answer },
    { request: tags, answer: { tags: ["1"] } },
  );
  assert.deepEqual(found, ["1"]);
}

export const listTests: QuirkTests = {
  "cursor-relative": async () => {
    const next = "/v2/a/tags/list?last=1&n=1000";
    assert.deepEqual(await readTags(first(next), second(next)), ["1", "2"]);
  },
  "cursor-absolute": async () => {
    const found = await ask([open], (client, registry) => {
      const next = "/v2/a/tags/list?n=1000&NextToken=a%2Fb%3D%3D";
      registry.expect(first(`${registry.url}${next}`), second(next));
      return all(client.tagPages("a"));
    });
    assert.deepEqual(found, ["1", "2"]);
  },
  "cursor-foreign-query": async () => {
    const next = "/v2/a/tags/list?next_page=gAAAAAB%2Dx%3D&n=50";
    assert.deepEqual(await readTags(first(next), second(next)), ["1", "2"]);
  },
  "cursor-rebuilt-refused": async () => {
    // Nothing but the registry's own cursor is expected: any other request fails the test.
    const next = "/v2/a/tags/list?NextToken=x";
    assert.deepEqual(await readTags(first(next), second(next)), ["1", "2"]);
  },
  "cursor-wrong-scheme": async () => {
    const found = await ask([open], (client, registry) => {
      const next = "/v2/a/tags/list?last=1";
      registry.expect(first(`https://${registry.host}${next}`), second(next));
      return all(client.tagPages("a"));
    });
    assert.deepEqual(found, ["1", "2"]);
  },
  "cursor-goes-round": async () => {
    const next = "/v2/a/tags/list?last=1";
    const round = { ...second(next), answerHeaders: link(next) };
    await assert.rejects(readTags(first(next), round), (error) => isRegctlError(error, "REGISTRY_ERROR"));
  },
  "list-endless": async () => {
    await ask([open], async (client, registry) => {
      let page = 0;
      registry.expect({
        request: /^GET \/v2\/a\/tags\/list/,
        times: 101,
        respond: (_request, response) => {
          page += 1;
          response.writeHead(200, link(`/v2/a/tags/list?last=${page}`)).end('{"tags":["1"]}');
        },
      });
      await assert.rejects(all(client.tagPages("a")), (error) => isRegctlError(error, "REGISTRY_ERROR"));
    });
  },
  "page-size-invalid": async () => {
    const answer = {
      errors: [{ code: "PAGINATION_NUMBER_INVALID", message: "invalid", detail: { n: 1000 } }],
    };
    const exchanges = [
      { request: `${catalog}?n=1000`, status: 400, answer },
      { request: catalog, answer: { repositories: ["a"] } },
    ];
    assert.deepEqual(await ask([open, ...exchanges], (client) => all(client.catalogPages())), ["a"]);
  },
  "page-size-unsupported": () => refused(405, "UNSUPPORTED"),
  "page-size-too-large": () => refused(413, "INVALID_REQUEST"),
  "page-size-ignored": async () => {
    const many = Array.from({ length: 1500 }, (_, index) => String(index));
    assert.deepEqual(await readTags({ request: `${tags}?n=1000`, answer: { tags: many } }), many);
  },
  "tags-null": async () => {
    assert.deepEqual(await readTags({ request: `${tags}?n=1000`, answer: { name: "a", tags: null } }), []);
  },
  "tags-hold-null": async () => {
    const answer = { name: "a", tags: [null, "1", null] };
    assert.deepEqual(await readTags({ request: `${tags}?n=1000`, answer }), ["1"]);
  },
  "tags-hold-digests": async () => {
    const answer = { tags: ["1", `sha256:${"a".repeat(64)}`, "sha256-abc.sig"] };
    await ask([open, { request: `${tags}?n=1000`, answer }], async (client, _registry, opened) => {
      assert.deepEqual(await all(client.tagPages("a")), ["1", "sha256-abc.sig"]);
      const told = opened.told.flatMap((event) => (event.event === "trace" ? [event.trace] : []));
      assert.ok(told.includes("a/tags/list: left out 1 digest"), told.join("\n"));
    });
  },
  "json-as-text": async () => {
    const answerHeaders = { "content-type": "text/plain; charset=utf-8" };
    const exchange = { request: `${tags}?n=1000`, answer: '{"tags":["1"]}', answerHeaders };
    assert.deepEqual(await readTags(exchange), ["1"]);
  },
  "catalog-absent": async () => {
    const answer = "404 page not found\n";
    const absent = ask([open, { request: `${catalog}?n=1000`, status: 404, answer }], (client) =>
      all(client.catalogPages()),
    );
    await assert.rejects(absent, (error) => isRegctlError(error, "NOT_FOUND"));
  },
  "catalog-closed-hub": async () => {
    const answer = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
    const closed = ask([open, { request: `${catalog}?n=1000`, status: 401, answer }], (client) =>
      all(client.catalogPages()),
    );
    await assert.rejects(closed, (error) => isRegctlError(error, "UNAUTHORIZED"));
  },
  "catalog-forbidden": async () => {
    const answer = { errors: [{ code: "DENIED", message: "requires system admin" }] };
    const forbidden = ask([open, { request: `${catalog}?n=1000`, status: 403, answer }], (client) =>
      all(client.catalogPages()),
    );
    await assert.rejects(
      forbidden,
      (error) => isRegctlError(error, "DENIED") && error.facts.reason === "requires system admin",
    );
  },
};

import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestClient } from "../../support/registry-world.ts";
import { startScriptedRegistry } from "../../support/scripted-registry.ts";

test("warnings of a registry are shown, each once", async () => {
  const warning = '299 - "this tag goes away", 299 - "read \\"the news\\""';
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", answer: {}, answerHeaders: { warning }, times: 3 },
  ]);
  await using opened = await openTestClient(registry.host);
  await opened.client.ping();
  await opened.client.ping();
  const told = opened.told.filter(({ event }) => event === "warning");
  assert.deepEqual(told, [
    { event: "warning", host: registry.host, warning: "this tag goes away" },
    { event: "warning", host: registry.host, warning: 'read "the news"' },
  ]);
});

test("every request is traced, and says who asks", async () => {
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", answer: {} },
    { request: "GET /v2/a/tags/list?n=1000", headers: { "user-agent": "regctl/test" }, answer: {} },
  ]);
  await using opened = await openTestClient(registry.host);
  await opened.client.tagPages("a").next();
  const traces = opened.told.flatMap((event) => (event.event === "trace" ? [event.trace] : []));
  assert.deepEqual(traces.at(-1), `GET ${registry.url}/v2/a/tags/list?n=1000: 200, 0 ms`);
  registry.done();
});

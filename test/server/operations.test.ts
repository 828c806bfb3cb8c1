import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { type Operations, withOperations } from "../../src/server/operations.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { clientOf } from "./registry-client.ts";

function open(operations: Operations) {
  const handle = createRegistry({ storage: createMemoryStorage() });
  return clientOf(withOperations(handle, operations));
}

const metric = (text: string, name: string) =>
  text.split("\n").find((line) => line.startsWith(`regctl_registry_${name} `));

describe("health", () => {
  it("is alive, ready or not", async () => {
    for (const ready of [() => true, () => false, () => Promise.reject(new Error("no storage"))]) {
      const got = await open({ ready }).send("GET", "/healthz");
      assert.deepEqual([got.status, got.text], [200, "ok\n"]);
    }
  });

  it("is ready when whoever runs it says so", async () => {
    const statusFor = async (ready: Operations["ready"]) =>
      (await clientOf(withReadyBody(ready)).send("HEAD", "/readyz")).status;
    assert.equal(await statusFor(() => true), 200);
    assert.equal(await statusFor(async () => true), 200);
    assert.equal(await statusFor(() => false), 503);
    assert.equal(await statusFor(() => Promise.reject(new Error("no storage"))), 503);
  });

  it("is only read, and not by pages of other sites", async () => {
    const client = open({ ready: () => true });
    const posted = await client.send("POST", "/healthz");
    assert.deepEqual([posted.status, posted.headers.allow], [405, "GET, HEAD"]);
    const headers = { "sec-fetch-site": "cross-site" };
    assert.equal((await client.send("GET", "/readyz", { headers })).status, 403);
  });

  it("is no part of a registry that was not asked to tell it", async () => {
    const client = clientOf(createRegistry({ storage: createMemoryStorage() }));
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      assert.equal((await client.send("GET", path)).status, 404);
    }
    assert.equal((await open({ ready: () => true }).send("GET", "/metrics")).status, 404);
  });
});

/** A response of 503 whose body is text and not the OCI's JSON. */
function withReadyBody(ready: Operations["ready"]) {
  const handle = withOperations(createRegistry({ storage: createMemoryStorage() }), { ready });
  return async (request: Parameters<typeof handle>[0]) => {
    const { status, headers, body } = await handle(request);
    assert.equal(body instanceof Buffer && body.toString(), status === 200 ? "ready\n" : "not ready\n");
    const json = Buffer.from('{"errors":[{"code":"UNKNOWN","message":"not ready"}]}');
    return { status, headers, body: status === 200 ? body : json };
  };
}

describe("metrics", () => {
  it("count requests by kind and status, and bytes of bodies", async () => {
    const metrics = createMetrics();
    const client = open({ ready: () => true, metrics });
    const digest = await client.pushBlob("a", "0123456789");
    await client.send("GET", `/v2/a/blobs/${digest}`);
    await client.send("GET", `/v2/a/blobs/${digest}`, { headers: { range: "bytes=0-3" } });
    await client.send("HEAD", `/v2/a/blobs/${digest}`);
    await client.send("GET", `/v2/b/blobs/${digest}`);
    await client.send("BREW", "/coffee");
    const got = await client.send("GET", "/metrics");
    assert.equal(got.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const counted = got.text.split("\n").filter((line) => line.includes("requests_total{"));
    assert.deepEqual(counted, [
      'regctl_registry_requests_total{method="GET",resource="blob",status="200"} 1',
      'regctl_registry_requests_total{method="GET",resource="blob",status="206"} 1',
      'regctl_registry_requests_total{method="GET",resource="blob",status="404"} 1',
      'regctl_registry_requests_total{method="HEAD",resource="blob",status="200"} 1',
      'regctl_registry_requests_total{method="POST",resource="uploads",status="202"} 1',
      'regctl_registry_requests_total{method="PUT",resource="upload",status="201"} 1',
      'regctl_registry_requests_total{method="other",resource="other",status="404"} 1',
    ]);
    assert.equal(metric(got.text, "received_bytes_total"), "regctl_registry_received_bytes_total 10");
    assert.equal(metric(got.text, "requests_in_flight"), "regctl_registry_requests_in_flight 0");
    assert.equal(metric(got.text, "uploads_in_flight"), "regctl_registry_uploads_in_flight 0");
    assert.ok(got.text.endsWith("\n"));
    for (const line of got.text.trimEnd().split("\n")) {
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^}]*\})? \d+)$/);
    }
  });

  it("count what is sent of a blob, and what is under way", async () => {
    const metrics = createMetrics();
    const client = open({ ready: () => true, metrics });
    const content = "x".repeat(5000);
    await client.pushBlob("a", content);
    const before = Number(metric(metrics.render(), "sent_bytes_total")?.split(" ")[1]);
    await client.send("GET", `/v2/a/blobs/${computeDigest(content)}`);
    const after = Number(metric(metrics.render(), "sent_bytes_total")?.split(" ")[1]);
    assert.equal(after - before, 5000);
    const { headers } = await client.send("POST", "/v2/a/blobs/uploads/");
    async function* body(): AsyncGenerator<Buffer> {
      assert.match(metrics.render(), /uploads_in_flight 1\n/);
      assert.match(metrics.render(), /requests_in_flight 1\n/);
      yield Buffer.from("abc");
    }
    assert.equal((await client.send("PATCH", headers.location ?? "", { body: body() })).status, 202);
    assert.match(metrics.render(), /uploads_in_flight 0\n/);
  });
});

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { type Rule, startFaultProxy } from "./fault-proxy.ts";

const content = randomBytes(1_000_000);

/** Answers a GET with `content`, and anything else with the digest of the body. */
const server = createServer(async (request, response) => {
  if (request.method === "GET" || request.method === "HEAD") {
    response.writeHead(200, { "content-length": String(content.length) }).end(content);
    return;
  }
  const body = await buffer(request).catch(() => null);
  if (body !== null) response.end(createHash("sha256").update(body).digest("hex"));
});
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => {
  server.closeAllConnections();
  server.close();
});

interface Came {
  readonly status: number | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** How it broke, if it did. */
  readonly error: string | null;
}

async function ask(url: string, method = "GET", body?: Buffer, patienceMs = 2000): Promise<Came> {
  const chunks: Buffer[] = [];
  let status: number | null = null;
  let headers = {};
  const error = await new Promise<string | null>((resolve) => {
    const sent = sendRequest(url, { method, agent: false }, (answer) => {
      status = answer.statusCode ?? null;
      headers = answer.headers;
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve(null));
      answer.on("error", (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message));
    });
    sent.on("error", (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message));
    sent.end(body);
    setTimeout(() => {
      sent.destroy();
      resolve("silence");
    }, patienceMs).unref();
  });
  return { status, headers, body: Buffer.concat(chunks), error };
}

const open = (...rules: readonly Rule[]) =>
  startFaultProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`, ...rules);
const digestOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("a proxy that breaks nothing", () => {
  it("passes both bodies, counts them, and hands HEAD through", async () => {
    await using proxy = await open();
    assert.deepEqual((await ask(`${proxy.url}/a?b=c`)).body, content);
    assert.equal((await ask(proxy.url, "PUT", content)).body.toString(), digestOf(content));
    const { status, headers, body } = await ask(proxy.url, "HEAD");
    assert.deepEqual([status, headers["content-length"], body.length], [200, String(content.length), 0]);
    const [got, put] = proxy.requests;
    assert.deepEqual([got?.path, got?.received.bytes], ["/a?b=c", content.length]);
    assert.deepEqual([put?.method, put?.sent.bytes], ["PUT", content.length]);
  });
});

describe("the answer's body", () => {
  for (const [kind, error] of [
    ["cut", "ECONNRESET"],
    ["reset", "ECONNRESET"],
    ["half-close", "ECONNRESET"],
    ["stall", "silence"],
  ] as const) {
    it(`${kind} after so many bytes, once`, async () => {
      await using proxy = await open({ fault: { kind, side: "response", at: 300_000 } });
      const broken = await ask(proxy.url, "GET", undefined, 400);
      assert.deepEqual([broken.status, broken.error], [200, error]);
      assert.ok(broken.body.length <= 300_000);
      if (kind !== "reset") assert.deepEqual(broken.body, content.subarray(0, 300_000));
      assert.deepEqual((await ask(proxy.url)).body, content);
      assert.equal(proxy.count(kind), 1);
    });
    it(`${kind} before the head`, async () => {
      await using proxy = await open({ fault: { kind, side: "response", at: "head" } });
      const broken = await ask(proxy.url, "GET", undefined, 300);
      assert.deepEqual([broken.status, broken.error], [null, error]);
    });
  }

  it("has another byte in one place", async () => {
    await using proxy = await open({ fault: { kind: "flip", side: "response", at: 700_000 } });
    const { body } = await ask(proxy.url);
    const wrong = [...body.keys()].filter((place) => body[place] !== content[place]);
    assert.deepEqual([wrong, body.length], [[700_000], content.length]);
  });

  it("is shorter than was said", async () => {
    await using proxy = await open({ fault: { kind: "length", by: 10 } });
    const { headers, error } = await ask(proxy.url);
    assert.deepEqual([headers["content-length"], error], [String(content.length + 10), "ECONNRESET"]);
  });

  it("is longer than was said", async () => {
    await using proxy = await open({ fault: { kind: "length", by: -10 } });
    assert.equal((await ask(proxy.url)).body.length, content.length - 10);
  });

  it("comes slowly, and whole", async () => {
    await using proxy = await open({ fault: { kind: "slow", side: "response", bytesPerSecond: 4_000_000 } });
    const { error, body } = await ask(proxy.url, "GET", undefined, 60);
    assert.deepEqual([error, body.length < content.length], ["silence", true]);
    proxy.set({ fault: { kind: "slow", side: "response", bytesPerSecond: 10_000_000 } });
    assert.deepEqual((await ask(proxy.url, "GET", undefined, 10_000)).body, content);
  });
});

describe("the request's body", () => {
  for (const [kind, error] of [
    ["cut", /ECONNRESET|EPIPE/],
    ["reset", /ECONNRESET|EPIPE/],
    ["half-close", /ECONNRESET|EPIPE/],
    ["stall", /silence/],
  ] as const) {
    it(`${kind} after so many bytes, once`, async () => {
      await using proxy = await open({ method: "PUT", fault: { kind, side: "request", at: 300_000 } });
      assert.match(String((await ask(proxy.url, "PUT", content, 400)).error), error);
      assert.equal((await ask(proxy.url, "PUT", content)).body.toString(), digestOf(content));
    });
  }

  it("has another byte in one place", async () => {
    await using proxy = await open({ fault: { kind: "flip", side: "request", at: 5 } });
    const changed = Buffer.from(content);
    changed[5] = (changed[5] ?? 0) ^ 1;
    assert.equal((await ask(proxy.url, "PUT", content)).body.toString(), digestOf(changed));
  });

  it("may be too long", async () => {
    await using proxy = await open({
      times: Number.POSITIVE_INFINITY,
      fault: { kind: "limit", bytes: 1000 },
    });
    assert.equal((await ask(proxy.url, "PUT", content.subarray(0, 1000))).status, 200);
    assert.equal((await ask(proxy.url, "PUT", content)).status, 413);
  });
});

describe("answers of its own", () => {
  it("so often as is said, behind those that are let through, and for what fits alone", async () => {
    await using proxy = await open({
      method: "GET",
      path: /^\/v2\//,
      after: 1,
      times: 2,
      fault: { kind: "status", status: 429, headers: { "retry-after": "1" }, body: "{" },
    });
    const statuses: (number | null)[] = [];
    for (const path of ["/v2/", "/other", "/v2/", "/v2/", "/v2/"]) {
      statuses.push((await ask(`${proxy.url}${path}`)).status);
    }
    assert.deepEqual(statuses, [200, 200, 429, 429, 200]);
    assert.equal(proxy.count("status"), 2);
  });

  it("leads to another host", async () => {
    await using other = await open();
    await using proxy = await open({ fault: { kind: "redirect", origin: other.url } });
    const { status, headers } = await ask(`${proxy.url}/v2/x?y`);
    assert.deepEqual([status, headers.location], [307, `${other.url}/v2/x?y`]);
  });

  it("comes late", async () => {
    await using proxy = await open({ fault: { kind: "delay", ms: 200 } });
    assert.equal((await ask(proxy.url, "GET", undefined, 50)).error, "silence");
    assert.deepEqual((await ask(proxy.url)).body, content);
  });
});

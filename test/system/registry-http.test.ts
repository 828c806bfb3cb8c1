import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import net, { type AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { TransportRequest } from "../../src/registry/http/transport.ts";
import { openTransport } from "../../src/system/registry-http.ts";
import { openTestClient } from "../support/registry-world.ts";

const transport = () => {
  const opened = openTransport({
    trust: async (_origin) => ({ verify: false, system: null, authorities: [], identities: [] }),
    proxy: () => null,
    connectTimeoutMs: 5_000,
    connections: 4,
  });
  return { ...opened, [Symbol.asyncDispose]: () => opened.close() };
};

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const get = (url: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: "GET",
  url: new URL(url),
  headers: {},
  body: null,
  large: false,
  headersTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
  signal: new AbortController().signal,
  ...more,
});

const failsWith = (code: string) => (error: unknown) =>
  (error instanceof Error && "code" in error && error.code === code) || assert.fail(String(error));

test("a connection is kept; many requests at once share a few", async () => {
  await using server = await serve((_request, response) => response.end("x"));
  await using opened = transport();
  for (let count = 0; count < 5; count += 1) {
    await buffer((await opened.request(get(server.url))).body);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(server.connections(), 1);
  const answers = Array.from({ length: 50 }, async () =>
    buffer((await opened.request(get(server.url))).body),
  );
  assert.equal((await Promise.all(answers)).length, 50);
  assert.ok(server.connections() <= 4, String(server.connections()));
});

test("a server that is silent, and one that stops in the middle", async () => {
  await using server = await serve((request, response) => {
    if (request.url === "/half") response.writeHead(200, { "content-length": "9" }).write("half");
  });
  await using opened = transport();
  const silent = opened.request(get(server.url, { headersTimeoutMs: 100 }));
  await assert.rejects(silent, failsWith("UND_ERR_HEADERS_TIMEOUT"));
  const { body } = await opened.request(get(`${server.url}/half`, { idleTimeoutMs: 100 }));
  await assert.rejects(buffer(body), failsWith("UND_ERR_BODY_TIMEOUT"));
});

test("an interruption ends a request under way, its body, and a connection that does not come about", async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200).write("x");
  });
  // Nobody ever answers the TLS handshake.
  const deaf = net.createServer(() => {}).listen(0, "127.0.0.1");
  await once(deaf, "listening");
  const { port } = deaf.address() as AddressInfo;
  const reason = new Error("enough");
  try {
    await using opened = transport();
    const first = new AbortController();
    const { body } = await opened.request(get(server.url, { signal: first.signal }));
    first.abort(reason);
    await assert.rejects(buffer(body));
    const second = new AbortController();
    const dialling = opened.request(get(`https://127.0.0.1:${port}`, { signal: second.signal }));
    setImmediate(() => second.abort(reason));
    await assert.rejects(dialling, reason);
  } finally {
    deaf.close();
  }
});

test("a registry that accepts connections and says nothing is unreachable, soon", async () => {
  const sockets: net.Socket[] = [];
  const silent = net.createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  try {
    await assert.rejects(
      openTestClient(`127.0.0.1:${port}`, { connectTimeoutMs: 300 }),
      /REGISTRY_UNREACHABLE/,
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("whoever is done with a registry asks it nothing more: what the end breaks off is not sent again", {
  timeout: 20_000,
}, async () => {
  const asked: string[] = [];
  await using server = await serve(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    if (method === "PUT") return;
    response.end("{}");
  });
  const opened = await openTestClient(new URL(server.url).host);
  const body = { bytes: Buffer.from("{}"), mediaType: "application/vnd.oci.image.manifest.v1+json" };
  const putting = assert.rejects(opened.client.putManifest("app", "1", body), (error) =>
    isRegctlError(error, "REGISTRY_UNREACHABLE"),
  );
  while (asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await opened.client.close();
  await putting;
  assert.deepEqual(asked, ["GET /v2/", "PUT /v2/app/manifests/1"]);
});

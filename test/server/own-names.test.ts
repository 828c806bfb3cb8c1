import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Headers, ServerRequest } from "../../src/server/message.ts";
import { withOwnNames } from "../../src/server/own-names.ts";
import { isForThisMachine, type ServeSettings } from "../../src/server/settings.ts";

async function* nothing(): AsyncGenerator<Buffer> {}

const handle = withOwnNames(
  async () => ({ status: 200, headers: {}, body: null }),
  ["laptop", "Laptop.corp.test"],
);

async function statusOf(authority: string, headers: Headers, path = "/v2/_catalog"): Promise<number> {
  const request: ServerRequest = {
    method: "GET",
    path,
    query: new URLSearchParams(),
    headers,
    body: nothing(),
    length: 0,
    scheme: "http",
    authority,
    remote: "127.0.0.1",
    signal: new AbortController().signal,
  };
  return (await handle(request)).status;
}

/** What browsers send with the least: to plain HTTP, from a page of the same site that hides what it can. */
const leastOfBrowsers: readonly Headers[] = [
  { accept: "*/*", "accept-language": "en-US,en;q=0.5" },
  { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" },
  { accept: "text/html,application/xhtml+xml" },
  { referer: "http://evil.test:5000/" },
  { origin: "http://evil.test:5000" },
  { "sec-fetch-site": "same-origin" },
  { "sec-fetch-mode": "no-cors" },
];

describe("what a browser sends", () => {
  for (const headers of leastOfBrowsers) {
    it(`(${Object.keys(headers).join(", ")}) is refused at a name that is not ours`, async () => {
      for (const name of [
        "evil.test:5000",
        "evil.test",
        "127.0.0.1.evil.test:5000",
        "localhost.evil.test",
        "x",
      ])
        assert.equal(await statusOf(name, headers), 403, name);
    });
  }

  const own = [
    "127.0.0.1:5000",
    "127.9.9.9",
    "[::1]:5000",
    "192.0.2.7:80",
    "[fd00::1]:5000",
    "localhost:40001",
    "LOCALHOST.",
    "registry.localhost:5000",
    "laptop:5000",
    "laptop.CORP.test:5000",
  ];
  for (const name of own) {
    it(`is answered at ${name}`, async () => {
      for (const headers of leastOfBrowsers) assert.equal(await statusOf(name, headers), 200);
    });
  }

  it("is told at any name that this is a registry", async () => {
    assert.equal(await statusOf("evil.test:5000", { accept: "text/html" }, "/"), 200);
    assert.equal(await statusOf("evil.test:5000", { accept: "text/html" }, "/metrics"), 403);
  });
});

it("what a program sends is answered at every name", async () => {
  for (const headers of [
    {},
    { "user-agent": "docker/28.3.2 go/go1.24.5 UpstreamClient(Docker-Client/28.3.2 \\(linux\\))" },
    { "user-agent": "containerd/v2.1.3", accept: "application/vnd.oci.image.index.v1+json, */*" },
    { "user-agent": "curl/8.14.1", accept: "*/*", "accept-encoding": "gzip" },
  ]) {
    assert.equal(await statusOf("registry.corp.test:5000", headers), 200);
  }
});

it("is asked of a server on loopback alone: certificates guard another, and a proxy has names of its own", () => {
  const settings: ServeSettings = {
    listen: { host: "127.0.0.1", port: 5000 },
    storage: "/srv",
    tls: { kind: "none" },
    htpasswd: null,
    anonymous: "none",
    readOnly: false,
    maxBlobBytes: null,
    behindProxy: false,
    metrics: false,
  };
  assert.equal(isForThisMachine(settings), true);
  assert.equal(isForThisMachine({ ...settings, listen: { host: "::1", port: 5000 } }), true);
  assert.equal(isForThisMachine({ ...settings, listen: { host: "0.0.0.0", port: 5000 } }), false);
  assert.equal(isForThisMachine({ ...settings, tls: { kind: "self-signed" } }), false);
  assert.equal(isForThisMachine({ ...settings, behindProxy: true }), false);
});

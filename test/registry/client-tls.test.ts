/** HTTPS or HTTP, verified or not, directly or through a proxy: against servers with real certificates. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { ServerTrust } from "../../src/registry/http/transport.ts";
import { startProxy } from "../support/http-proxy.ts";
import { openTestClient } from "../support/registry-world.ts";
import { startScriptedRegistry } from "../support/scripted-registry.ts";
import { createTlsAuthority, type IssueOptions, withoutOpenssl } from "../support/tls-authority.ts";

const pinged = { request: "GET /v2/", answer: {} };

const trusting =
  (authorities: readonly string[], identities: ServerTrust["identities"] = []) =>
  async (_host: string, verify: boolean): Promise<ServerTrust> => ({
    verify,
    system: null,
    authorities,
    identities,
  });

function fails(code: ErrorCode, words: RegExp) {
  return (error: unknown) => {
    assert.ok(isRegctlError(error, code), String(error));
    assert.match(JSON.stringify(error.facts), words);
    return true;
  };
}

describe("without TLS", () => {
  test("a registry that is not insecure is refused, with the protocol as the reason", async () => {
    await using registry = await startScriptedRegistry([]);
    await assert.rejects(
      openTestClient(registry.host, { insecure: false }),
      fails("REGISTRY_PROTOCOL", /does not speak TLS/),
    );
    registry.done();
  });

  test("one that the engine lists as insecure is taken", async () => {
    await using registry = await startScriptedRegistry([pinged]);
    await using opened = await openTestClient(registry.host, {
      insecure: false,
      isInsecureElsewhere: async () => true,
    });
    assert.equal(opened.client.base.protocol, "http:");
    assert.equal(opened.client.verified, false);
    registry.done();
  });

  test("nothing at the address: both ways were tried, and it is said once", async () => {
    await assert.rejects(openTestClient("127.0.0.1:1"), (error) => {
      assert.ok(isRegctlError(error, "REGISTRY_UNREACHABLE"));
      assert.deepEqual(error.facts.tried, ["https://127.0.0.1:1", "http://127.0.0.1:1"]);
      assert.equal(error.facts.reason, "nothing listens there (connection refused)");
      return true;
    });
  });

  test("a name without an address", async () => {
    await assert.rejects(
      openTestClient("registry.invalid", { insecure: false }),
      fails("REGISTRY_UNREACHABLE", /no address for the name/),
    );
  });

  test("a plain registry goes through HTTP_PROXY", async () => {
    await using registry = await startScriptedRegistry([pinged]);
    const [host = "", port] = registry.host.split(":");
    await using proxy = await startProxy({ leadTo: { host, port: Number(port) } });
    const environment = { http_proxy: proxy.url.replace("//", "//me:secret@") };
    await using opened = await openTestClient("registry.invalid:5000", {
      environment,
    });
    assert.equal(opened.client.base.href, "http://registry.invalid:5000/");
    assert.deepEqual(proxy.requests, ["GET http://registry.invalid:5000/v2/"]);
    assert.deepEqual(proxy.authorizations, [`Basic ${Buffer.from("me:secret").toString("base64")}`]);
  });
});

describe("with TLS", { skip: withoutOpenssl }, () => {
  async function start(issue: IssueOptions = {}, more: object = {}) {
    const authority = await createTlsAuthority();
    const registry = await startScriptedRegistry([], { tls: { ...(await authority.issue(issue)), ...more } });
    return {
      authority,
      registry,
      [Symbol.asyncDispose]: async () => {
        await registry[Symbol.asyncDispose]();
        await authority[Symbol.asyncDispose]();
      },
    };
  }

  test("a private authority that is named is trusted, over HTTP/2 where it is offered", async () => {
    await using lab = await start();
    lab.registry.expect({ ...pinged, times: 3 });
    await using opened = await openTestClient(lab.registry.host, {
      insecure: false,
      trust: trusting([lab.authority.ca]),
    });
    await opened.client.ping();
    await opened.client.ping();
    assert.equal(opened.client.verified, true);
    assert.deepEqual(lab.registry.requests, ["GET /v2/ h2", "GET /v2/ h2", "GET /v2/ h2"]);
    assert.equal(lab.registry.connections(), 1);
    lab.registry.done();
  });

  test("blobs travel over HTTP/1.1", async () => {
    await using lab = await start();
    const digest = `sha256:${"a".repeat(64)}` as const;
    const blob = Buffer.alloc(100_000, "blob");
    lab.registry.expect(pinged, { request: `GET /v2/app/blobs/${digest}`, answer: blob });
    await using opened = await openTestClient(lab.registry.host, {
      insecure: false,
      trust: trusting([lab.authority.ca]),
    });
    const { stream, size } = await opened.client.getBlob("app", digest);
    assert.equal(size, blob.length);
    assert.ok(Buffer.concat(await stream.toArray()).equals(blob));
    assert.deepEqual(lab.registry.requests, ["GET /v2/ h2", `GET /v2/app/blobs/${digest}`]);
  });

  test("an unknown authority is a certificate problem, and no request is made", async () => {
    await using lab = await start();
    await assert.rejects(
      openTestClient(lab.registry.host, { insecure: false }),
      fails("REGISTRY_CERTIFICATE", /authority that this machine does not know/),
    );
    lab.registry.done();
  });

  test("an expired certificate, and one for another name", async () => {
    await using expired = await start({ expired: true });
    const ca = expired.authority.ca;
    await assert.rejects(
      openTestClient(expired.registry.host, { insecure: false, trust: trusting([ca]) }),
      fails("REGISTRY_CERTIFICATE", /expired/),
    );
    await using other = await start({ names: ["DNS:other.test"] });
    await assert.rejects(
      openTestClient(other.registry.host, { insecure: false, trust: trusting([other.authority.ca]) }),
      fails("REGISTRY_CERTIFICATE", /does not match|127\.0\.0\.1/),
    );
  });

  test("an insecure registry with TLS is spoken to by TLS, unverified", async () => {
    await using lab = await start({ expired: true });
    lab.registry.expect(pinged);
    await using opened = await openTestClient(lab.registry.host);
    assert.equal(opened.client.base.protocol, "https:");
    assert.equal(opened.client.verified, false);
  });

  test("a registry that wants a certificate of its clients gets it, and says so when there is none", async () => {
    await using authority = await createTlsAuthority();
    const own = await authority.issue();
    const tls = { ...own, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    await using registry = await startScriptedRegistry([pinged], { tls });
    const { cert, key } = await authority.issue({ client: true });
    const trust = trusting([authority.ca], [{ certificate: cert, key }]);
    await using opened = await openTestClient(registry.host, { insecure: false, trust });
    assert.equal(opened.client.verified, true);
    await assert.rejects(
      openTestClient(registry.host, { insecure: false, trust: trusting([authority.ca]) }),
      fails("REGISTRY_CERTIFICATE", /"ours":true/),
    );
  });

  test("through HTTPS_PROXY, the certificate still being that of the registry", async () => {
    await using lab = await start({ names: ["DNS:registry.invalid"] });
    lab.registry.expect(pinged);
    const [host = "", port] = lab.registry.host.split(":");
    await using proxy = await startProxy({ leadTo: { host, port: Number(port) } });
    await using opened = await openTestClient("registry.invalid", {
      insecure: false,
      trust: trusting([lab.authority.ca]),
      environment: { HTTPS_PROXY: proxy.url },
    });
    assert.equal(opened.client.verified, true);
    assert.deepEqual(proxy.requests, ["CONNECT registry.invalid:443"]);
  });

  test("a proxy that refuses is named as the reason", async () => {
    await using proxy = await startProxy({ refuseWith: 403 });
    await assert.rejects(
      openTestClient("registry.invalid", { insecure: false, environment: { HTTPS_PROXY: proxy.url } }),
      fails("REGISTRY_UNREACHABLE", /403/),
    );
  });
});

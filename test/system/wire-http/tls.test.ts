/** Large bodies over TLS: who is trusted, who we are, what is spoken; the same bytes both ways. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { computeDigest } from "../../../src/registry/digest.ts";
import { toConnectionFailure } from "../../../src/registry/http/failure.ts";
import type { ServerTrust, TransportRequest } from "../../../src/registry/http/transport.ts";
import { openTransport } from "../../../src/system/registry-http.ts";
import { makeBytes } from "../../support/image-maker.ts";
import { createTlsAuthority, type TlsAuthority, withoutOpenssl } from "../../support/tls-authority.ts";

const content = makeBytes(5_000_000, "over TLS");

describe("large bodies over TLS", { skip: withoutOpenssl }, () => {
  let authority: TlsAuthority;
  before(async () => {
    authority = await createTlsAuthority();
  });
  after(async () => {
    await authority[Symbol.asyncDispose]();
  });

  /** Speaks HTTP/2 and HTTP/1.1; gives the content, and tells the digest of what it is sent. */
  const startServer = async (names: readonly string[], wantsIdentity = false) => {
    const seen: { readonly version: string; readonly subject: string | undefined }[] = [];
    const identity = { requestCert: wantsIdentity, rejectUnauthorized: wantsIdentity, ca: authority.ca };
    const server = createSecureServer({
      ...(await authority.issue({ names })),
      ...identity,
      allowHTTP1: true,
    });
    server.on("request", async (request, response) => {
      const subject = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
      seen.push({ version: request.httpVersion, subject: [subject].flat()[0] });
      const sent = await buffer(request);
      response.end(request.method === "GET" ? content : computeDigest(sent));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return {
      seen,
      ask: async (trust: Partial<ServerTrust>, more: Partial<TransportRequest> = {}) => {
        const known = { verify: true, system: authority.ca, authorities: [], identities: [], ...trust };
        const transport = openTransport({
          trust: async () => known,
          proxy: () => null,
          connectTimeoutMs: 5000,
          connections: 2,
        });
        try {
          const { body } = await transport.request({
            method: "GET",
            url: new URL(`https://127.0.0.1:${port}/`),
            headers: {},
            body: null,
            large: true,
            headersTimeoutMs: 5000,
            idleTimeoutMs: 5000,
            signal: new AbortController().signal,
            ...more,
          });
          return await buffer(body);
        } finally {
          await transport.close();
        }
      },
      [Symbol.asyncDispose]: async () => {
        server.close();
        await once(server, "close");
      },
    };
  };
  const kindOf = (asked: Promise<unknown>) =>
    asked.then(
      () => "answered",
      (error: unknown) => toConnectionFailure(error).kind,
    );

  test("both ways, by HTTP/1.1 although the server would speak HTTP/2", async () => {
    await using server = await startServer(["IP:127.0.0.1"]);
    assert.equal(computeDigest(await server.ask({})), computeDigest(content));
    const body = Readable.from([content.subarray(0, 1_000_000), content.subarray(1_000_000)]);
    const headers = { "content-length": String(content.length) };
    const told = await server.ask({}, { method: "PUT", headers, body });
    assert.equal(told.toString(), computeDigest(content));
    assert.deepEqual(
      server.seen.map(({ version }) => version),
      ["1.1", "1.1"],
    );
  });

  test("a certificate for another address is refused, unless nobody is to look", async () => {
    await using server = await startServer(["IP:127.0.0.2", "DNS:127.0.0.1"]);
    assert.equal(await kindOf(server.ask({})), "certificate");
    assert.deepEqual(server.seen, [], "it was asked for nothing");
    assert.equal(await kindOf(server.ask({ verify: false })), "answered");
  });

  test("an authority that nobody knows is refused, one that is added is not", async () => {
    await using server = await startServer(["IP:127.0.0.1"]);
    await using other = await createTlsAuthority("Other");
    assert.equal(await kindOf(server.ask({ system: other.ca })), "certificate");
    assert.deepEqual(server.seen, []);
    assert.equal(await kindOf(server.ask({ system: other.ca, authorities: [authority.ca] })), "answered");
  });

  test("who we are is shown to a server that asks; without it, that is what failed", async () => {
    await using server = await startServer(["IP:127.0.0.1"], true);
    assert.equal(await kindOf(server.ask({})), "client-certificate");
    const { cert: certificate, key } = await authority.issue({ client: true });
    assert.equal(await kindOf(server.ask({ identities: [{ certificate, key }] })), "answered");
    assert.equal(server.seen.length, 1);
    assert.notEqual(server.seen[0]?.subject, undefined);
  });
});

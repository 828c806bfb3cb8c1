import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { login, openTestClient } from "../../support/registry-world.ts";
import { startScriptedRegistry } from "../../support/scripted-registry.ts";
import { createTlsAuthority, withoutOpenssl } from "../../support/tls-authority.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const blob = `GET /v2/app/blobs/${digest}`;
const basic = { "www-authenticate": 'Basic realm="r"' };
const authorization = `Basic ${Buffer.from("u:p").toString("base64")}`;

test("storage on another host gets the range, and no login", async () => {
  await using storage = await startScriptedRegistry([
    {
      request: "GET /bucket/x?signature=abc",
      headers: { authorization: null, range: "bytes=2-" },
      status: 206,
      answerHeaders: { "content-range": "bytes 2-4/5" },
      answer: "cde",
    },
  ]);
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", status: 401, answerHeaders: basic },
    {
      request: blob,
      headers: { authorization },
      status: 307,
      answerHeaders: { location: `${storage.url}/bucket/x?signature=abc` },
    },
  ]);
  await using opened = await openTestClient(registry.host, { login: async () => login("u", "p") });
  const { stream, start, size } = await opened.client.getBlob("app", digest, { start: 2 });
  assert.deepEqual([start, size, String(Buffer.concat(await stream.toArray()))], [2, 5, "cde"]);
  assert.doesNotMatch(JSON.stringify(opened.told), /abc/, "the signature is a secret");
  storage.done();
  registry.done();
});

test("on the same host the login goes along, relative addresses included", async () => {
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", status: 401, answerHeaders: basic },
    { request: blob, headers: { authorization }, status: 302, answerHeaders: { location: "/other" } },
    { request: "GET /other", headers: { authorization }, answer: "x" },
  ]);
  await using opened = await openTestClient(registry.host, { login: async () => login("u", "p") });
  const { stream } = await opened.client.getBlob("app", digest);
  assert.equal(String(Buffer.concat(await stream.toArray())), "x");
  registry.done();
});

test("a circle ends", async () => {
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", answer: {} },
    { request: blob, status: 302, answerHeaders: { location: `/v2/app/blobs/${digest}` }, times: 11 },
  ]);
  await using opened = await openTestClient(registry.host);
  await assert.rejects(opened.client.getBlob("app", digest), (error) =>
    isRegctlError(error, "REGISTRY_ERROR"),
  );
  registry.done();
});

describe("with TLS", { skip: withoutOpenssl }, () => {
  test("from HTTPS to plain HTTP it is not followed", async () => {
    await using authority = await createTlsAuthority();
    await using plain = await startScriptedRegistry([]);
    const location = `${plain.url}/x`;
    await using registry = await startScriptedRegistry(
      [
        { request: "GET /v2/", answer: {} },
        { request: blob, status: 302, answerHeaders: { location } },
      ],
      { tls: await authority.issue() },
    );
    await using opened = await openTestClient(registry.host, {
      insecure: false,
      trust: async (_host, verify) => ({ verify, system: null, authorities: [authority.ca], identities: [] }),
    });
    await assert.rejects(opened.client.getBlob("app", digest), (error) => {
      assert.ok(isRegctlError(error, "REGISTRY_ERROR"));
      assert.match(error.facts.message, /plain HTTP/);
      return true;
    });
    plain.done();
  });
});

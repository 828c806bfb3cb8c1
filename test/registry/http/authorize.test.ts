/** Logins and tokens, against a scripted registry and a scripted token server. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import type { FoundCredential } from "../../../src/registry/credentials.ts";
import { createTestClock, login, openTestClient } from "../../support/registry-world.ts";
import { type Exchange, startScriptedRegistry } from "../../support/scripted-registry.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const tags = "GET /v2/app/tags/list?n=1000";
const pull = "scope=repository%3Aapp%3Apull";

/** A registry that sends to a token server, which answers `exchanges`. */
async function start(exchanges: readonly Exchange[]) {
  const server = await startScriptedRegistry(exchanges);
  const challenge = (more = "") => ({
    "www-authenticate": `Bearer realm="${server.url}/token",service="reg"${more}`,
  });
  const registry = await startScriptedRegistry([
    { request: "GET /v2/", status: 401, answerHeaders: challenge() },
  ]);
  return {
    server,
    registry,
    challenge,
    done: () => {
      server.done();
      registry.done();
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

const withToken = (token: string, more: Partial<Exchange> = {}): Exchange => ({
  request: tags,
  headers: { authorization: `Bearer ${token}` },
  answer: { tags: [token] },
  ...more,
});

describe("Bearer", () => {
  test("anonymous: a token without a login, for what is asked", async () => {
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        headers: { authorization: null },
        answer: { token: "t1" },
      },
    ]);
    lab.registry.expect(withToken("t1"));
    await using opened = await openTestClient(lab.registry.host);
    assert.deepEqual((await opened.client.tagPages("app").next()).value?.entries, ["t1"]);
    assert.equal(opened.client.auth(), "bearer");
    assert.equal(opened.client.loginFrom(), null);
    lab.done();
  });

  test("a login goes to the token server alone", async () => {
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&account=bob&client_id=docker`,
        headers: { authorization: `Basic ${base64("bob:sé:cret")}` },
        answer: { access_token: "t1" },
      },
    ]);
    lab.registry.expect(withToken("t1"));
    await using opened = await openTestClient(lab.registry.host, {
      login: async () => login("bob", "sé:cret"),
    });
    await opened.client.tagPages("app").next();
    assert.doesNotMatch(JSON.stringify(opened.told), /s[eé]:?cret|t1/);
    lab.done();
  });

  test("an identity token is exchanged by POST", async () => {
    await using lab = await start([
      {
        request: "POST /token",
        headers: { authorization: null, "content-type": "application/x-www-form-urlencoded" },
        body: "grant_type=refresh_token&refresh_token=idt&client_id=docker&service=reg&scope=repository%3Aapp%3Apull",
        answer: { access_token: "t1" },
      },
    ]);
    lab.registry.expect(withToken("t1"));
    const found: FoundCredential = {
      credential: { kind: "identity-token", username: "bob", token: "idt" },
      from: "a helper",
    };
    await using opened = await openTestClient(lab.registry.host, { login: async () => found });
    await opened.client.tagPages("app").next();
    assert.equal(opened.client.loginFrom(), "a helper");
    lab.done();
  });

  test("one token for each set of scopes, also for many who ask at once", async () => {
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        answer: { token: "t1", expires_in: 300 },
      },
      {
        request: "GET /token?service=reg&scope=registry%3Acatalog%3A*&client_id=docker",
        answer: { token: "t2", expires_in: 300 },
      },
    ]);
    lab.registry.expect(withToken("t1", { times: 21 }), {
      request: "GET /v2/_catalog?n=1000",
      headers: { authorization: "Bearer t2" },
      answer: {},
    });
    await using opened = await openTestClient(lab.registry.host);
    const { client } = opened;
    await Promise.all(Array.from({ length: 20 }, () => client.tagPages("app").next()));
    await client.catalogPages().next();
    await client.tagPages("app").next();
    lab.done();
  });

  test("a token is renewed shortly before its end, once for all who ask", async () => {
    const clock = createTestClock();
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        answer: { token: "t1", expires_in: 100 },
      },
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        answer: { token: "t2", expires_in: 100 },
      },
    ]);
    lab.registry.expect(withToken("t1", { times: 2 }), withToken("t2", { times: 5 }));
    await using opened = await openTestClient(lab.registry.host, { clock });
    const { client } = opened;
    await client.tagPages("app").next();
    clock.advance(69_000);
    await client.tagPages("app").next();
    clock.advance(2_000);
    await Promise.all(Array.from({ length: 5 }, () => client.tagPages("app").next()));
    lab.done();
  });

  test("a token that is not taken any more is replaced in the middle", async () => {
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        answer: { token: "t1", expires_in: 9000 },
      },
      {
        request: `GET /token?service=reg&${pull}&client_id=docker`,
        answer: { token: "t2", expires_in: 9000 },
      },
    ]);
    const answerHeaders = lab.challenge(',scope="repository:app:pull",error="invalid_token"');
    lab.registry.expect(
      withToken("t1"),
      withToken("t1", { status: 401, answerHeaders }),
      withToken("t2", { times: 2 }),
    );
    await using opened = await openTestClient(lab.registry.host);
    for (let count = 0; count < 3; count += 1) await opened.client.tagPages("app").next();
    lab.done();
  });

  test("more is asked for when the registry says what is missing", async () => {
    await using lab = await start([
      { request: `GET /token?service=reg&${pull}&client_id=docker`, answer: { token: "t1" } },
      {
        request: `GET /token?service=reg&scope=repository%3Aapp%3Apull&scope=repository%3Abase%3Apull&client_id=docker`,
        answer: { token: "t2" },
      },
    ]);
    const answerHeaders = lab.challenge(',scope="repository:base:pull",error="insufficient_scope"');
    lab.registry.expect(withToken("t1", { status: 401, answerHeaders }), withToken("t2"));
    await using opened = await openTestClient(lab.registry.host);
    await opened.client.tagPages("app").next();
    lab.done();
  });

  test("rights that are missing are DENIED, after one round", async () => {
    await using lab = await start([
      { request: `GET /token?service=reg&${pull}&account=u&client_id=docker`, answer: { token: "t1" } },
    ]);
    const answerHeaders = lab.challenge(',scope="repository:app:pull",error="insufficient_scope"');
    const answer = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
    lab.registry.expect(withToken("t1", { status: 401, answerHeaders, answer }));
    await using opened = await openTestClient(lab.registry.host, { login: async () => login("u", "p") });
    await assert.rejects(opened.client.tagPages("app").next(), (error) => {
      assert.ok(isRegctlError(error, "DENIED"));
      assert.deepEqual(error.facts, {
        registry: lab.registry.host,
        what: `${lab.registry.host}/app`,
        reason: "authentication required",
        login: "the test",
      });
      return true;
    });
    lab.done();
  });

  test("a token server that refuses the login is UNAUTHORIZED, in its words", async () => {
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&account=u&client_id=docker`,
        status: 401,
        answer: { details: "incorrect username or password" },
      },
    ]);
    await using opened = await openTestClient(lab.registry.host, { login: async () => login("u", "p") });
    await assert.rejects(opened.client.tagPages("app").next(), (error) => {
      assert.ok(isRegctlError(error, "UNAUTHORIZED"));
      assert.equal(error.facts.reason, "incorrect username or password");
      return true;
    });
    lab.done();
  });

  test("a token server is asked again when it is busy", async () => {
    const request = `GET /token?service=reg&${pull}&client_id=docker`;
    await using lab = await start([
      { request, status: 503 },
      { request, answer: { token: "t1" } },
    ]);
    lab.registry.expect(withToken("t1"));
    await using opened = await openTestClient(lab.registry.host);
    await opened.client.tagPages("app").next();
    lab.done();
  });

  test("a login is not shown to where a token server leads", async () => {
    await using elsewhere = await startScriptedRegistry([
      { request: "GET /token2", headers: { authorization: null }, answer: { token: "t1" } },
    ]);
    await using lab = await start([
      {
        request: `GET /token?service=reg&${pull}&account=u&client_id=docker`,
        headers: { authorization: /^Basic / },
        status: 302,
        answerHeaders: { location: `${elsewhere.url}/token2` },
      },
    ]);
    lab.registry.expect(withToken("t1"));
    await using opened = await openTestClient(lab.registry.host, { login: async () => login("u", "p") });
    await opened.client.tagPages("app").next();
    elsewhere.done();
    lab.done();
  });

  test("an identity token is not sent on either", async () => {
    await using elsewhere = await startScriptedRegistry([]);
    await using lab = await start([
      { request: "POST /token", status: 307, answerHeaders: { location: `${elsewhere.url}/token2` } },
    ]);
    const found: FoundCredential = {
      credential: { kind: "identity-token", username: "bob", token: "idt" },
      from: "a helper",
    };
    await using opened = await openTestClient(lab.registry.host, { login: async () => found });
    await assert.rejects(opened.client.tagPages("app").next(), (error) =>
      isRegctlError(error, "REGISTRY_ERROR"),
    );
    elsewhere.done();
    lab.done();
  });

  test("plain HTTP away from loopback is no place for a login, unless the registry is insecure itself", async () => {
    await using registry = await startScriptedRegistry([
      {
        request: "GET /v2/",
        status: 401,
        answerHeaders: { "www-authenticate": 'Bearer realm="http://a.invalid/t"' },
      },
    ]);
    await using opened = await openTestClient(registry.host, { login: async () => login("u", "p") });
    await assert.rejects(opened.client.ping(), (error) => {
      assert.ok(isRegctlError(error, "TOKEN_REALM_REFUSED"));
      assert.equal(error.facts.realm, "http://a.invalid/t");
      return true;
    });
  });

  test("a realm that is no address is refused, and no login is sent", async () => {
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", status: 401, answerHeaders: { "www-authenticate": 'Bearer realm="ftp://x/t"' } },
    ]);
    await using opened = await openTestClient(registry.host, { login: async () => login("u", "p") });
    await assert.rejects(opened.client.ping(), (error) => isRegctlError(error, "TOKEN_REALM_REFUSED"));
    registry.done();
  });
});

describe("Basic", () => {
  const asks = { "www-authenticate": 'Basic realm="Registry"' };

  test("the login goes with every request once it was asked for", async () => {
    const headers = { authorization: `Basic ${base64("u:p")}` };
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", status: 401, answerHeaders: asks },
      { request: tags, headers, answer: {}, times: 2 },
    ]);
    let lookups = 0;
    const find = async () => {
      lookups += 1;
      return login("u", "p");
    };
    await using opened = await openTestClient(registry.host, { login: find });
    await Promise.all([opened.client.tagPages("app").next(), opened.client.tagPages("app").next()]);
    assert.deepEqual([opened.client.auth(), lookups], ["basic", 1]);
    registry.done();
  });

  test("a login that is not taken is UNAUTHORIZED, without a second try", async () => {
    const answer = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", status: 401, answerHeaders: asks },
      { request: tags, status: 401, answerHeaders: asks, answer },
    ]);
    await using opened = await openTestClient(registry.host, { login: async () => login("u", "wrong") });
    await assert.rejects(opened.client.tagPages("app").next(), (error) => {
      assert.ok(isRegctlError(error, "UNAUTHORIZED"));
      assert.deepEqual([error.facts.login, error.facts.reason], ["the test", "authentication required"]);
      return true;
    });
    registry.done();
  });

  test("no login: UNAUTHORIZED, and nobody looked for one before it was asked for", async () => {
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", answer: {} },
      { request: tags, headers: { authorization: null }, status: 401, answerHeaders: asks },
    ]);
    let lookups = 0;
    const find = async () => {
      lookups += 1;
      return null;
    };
    await using opened = await openTestClient(registry.host, { login: find });
    assert.equal(lookups, 0);
    await assert.rejects(opened.client.tagPages("app").next(), (error) =>
      isRegctlError(error, "UNAUTHORIZED"),
    );
    assert.equal(lookups, 1);
    registry.done();
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { withAuthentication } from "../../../src/server/auth/authenticate.ts";
import { createPasswords } from "../../../src/server/auth/passwords.ts";
import { createTokens } from "../../../src/server/auth/tokens.ts";
import type { ServerRequest } from "../../../src/server/message.ts";

const clock = { now: () => new Date(1_700_000_000_000) };

function open(anonymous: boolean) {
  const compare = async (password: string, hash: string) => hash === password;
  const passwords = createPasswords(new Map([["alice", "secret"]]), compare, clock);
  const tokens = anonymous ? createTokens(clock) : null;
  const handle = withAuthentication(async () => ({ status: 200, headers: {}, body: null }), {
    passwords,
    tokens,
  });
  const ask = (line: string, authorization?: string) => {
    const [method = "", path = ""] = line.split(" ");
    const request: ServerRequest = {
      method,
      path,
      query: new URLSearchParams(),
      headers: authorization === undefined ? {} : { authorization },
      body: (async function* () {})(),
      length: 0,
      scheme: "http",
      authority: "r:5000",
      remote: "10.0.0.1",
      signal: new AbortController().signal,
    };
    return handle(request);
  };
  return { ask, passwords };
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

test("without --anonymous everything but the open paths wants a login by the Basic scheme", async () => {
  const { ask } = open(false);
  for (const line of ["GET /v2/", "GET /v2/a/manifests/1", "GET /v1/search", "GET /metrics", "GET /token"]) {
    const refused = await ask(line);
    assert.equal(refused.status, 401, line);
    assert.match(refused.headers["www-authenticate"] ?? "", /^Basic realm="/);
    const let_in = await ask(line, basic("alice:secret"));
    assert.deepEqual([let_in.status, let_in.user], [200, "alice"], line);
  }
  for (const line of ["GET /", "GET /v1/_ping", "GET /healthz", "GET /readyz"]) {
    assert.equal((await ask(line)).status, 200, line);
  }
  for (const wrong of [
    basic("alice:no"),
    basic("bob:secret"),
    basic("nocolon"),
    basic(":"),
    "Bearer x.y",
    "Digest x",
    "x",
  ]) {
    assert.equal((await ask("GET /v2/", wrong)).status, 401, wrong);
  }
});

test("a password may hold colons and letters of any script; schemes are of any case", async () => {
  const { ask, passwords } = open(false);
  passwords.replace(new Map([["älice", "a:b:ü"]]));
  assert.equal((await ask("GET /v2/", basic("älice:a:b:ü").replace("Basic", "bAsIc"))).status, 200);
});

const bearer = async (ask: ReturnType<typeof open>["ask"], authorization?: string) => {
  const answer = await ask("GET /token", authorization);
  assert.equal(answer.status, 200);
  return `Bearer ${JSON.parse(String(answer.body)).token}`;
};

test("with --anonymous pull everybody reads, and whoever pushes is sent for a token", async () => {
  const { ask } = open(true);
  const nobody = await bearer(ask);
  for (const line of ["GET /v2/a/manifests/1", "HEAD /v2/a/blobs/x", "GET /v2/_catalog", "GET /v1/search"]) {
    assert.equal((await ask(line)).status, 200, line);
    assert.equal((await ask(line, nobody)).status, 200, line);
    assert.equal((await ask(line, basic(":"))).status, 200, line);
  }
  // Engines learn here how to log in, so the door is shown; with a token, anybody's, it is open.
  const door = await ask("GET /v2/");
  assert.equal(door.status, 401);
  assert.equal(door.headers["www-authenticate"], 'Bearer realm="http://r:5000/token",service="r:5000"');
  assert.equal((await ask("GET /v2/", nobody)).status, 200);
  const alice = await bearer(ask, basic("alice:secret"));
  for (const line of [
    "POST /v2/a/blobs/uploads/",
    "GET /v2/a/blobs/uploads/x",
    "DELETE /v2/a/manifests/1",
    "GET /metrics",
  ]) {
    assert.equal((await ask(line)).status, 401, line);
    assert.equal((await ask(line, nobody)).status, 401, line);
    assert.deepEqual([(await ask(line, alice)).status, (await ask(line, alice)).user], [200, "alice"], line);
    assert.equal((await ask(line, basic("alice:secret"))).status, 200, line);
  }
});

test("a token is given for a right password alone, and asked for in no other way", async () => {
  const { ask } = open(true);
  const refused = await ask("GET /token", basic("alice:no"));
  assert.equal(refused.status, 401);
  assert.match(refused.headers["www-authenticate"] ?? "", /^Basic /);
  assert.equal((await ask("POST /token", basic("alice:secret"))).status, 404);
});

test("a token that was changed, is too old, or whose user has gone, is none", async () => {
  const { ask, passwords } = open(true);
  const alice = await bearer(ask, basic("alice:secret"));
  const [payload = "", signature] = alice.slice("Bearer ".length).split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, user: "root" })).toString("base64url");
  for (const token of [`${forged}.${signature}`, `${payload}.`, payload, "."]) {
    const answer = await ask("GET /v2/a/manifests/1", `Bearer ${token}`);
    assert.equal(answer.status, 401, token);
    assert.match(answer.headers["www-authenticate"] ?? "", /error="invalid_token"/);
  }
  passwords.replace(new Map([["bob", "x"]]));
  assert.equal((await ask("GET /v2/a/manifests/1", alice)).status, 401);
  const time = { ms: 0 };
  const tokens = createTokens({ now: () => new Date(time.ms) });
  const token = tokens.issue({ user: null });
  assert.deepEqual(tokens.read(token), { user: null });
  time.ms += tokens.lifetime * 1000;
  assert.equal(tokens.read(token), null);
});

test("who guesses is told to wait", async () => {
  const { ask } = open(false);
  const statuses: number[] = [];
  for (let count = 0; count < 7; count += 1)
    statuses.push((await ask("GET /v2/", basic(`alice:${count}`))).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
  assert.equal((await ask("GET /v2/", basic("alice:x"))).headers["retry-after"], "1");
});

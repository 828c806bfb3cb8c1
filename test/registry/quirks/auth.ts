import assert from "node:assert/strict";
import { isRegctlError } from "../../../src/errors.ts";
import { findCredential } from "../../../src/registry/credentials.ts";
import { login } from "../../support/registry-world.ts";
import type { Exchange } from "../../support/scripted-registry.ts";
import { all, ask, basic, closed, open, type QuirkTests } from "./ask.ts";

const tags = "GET /v2/app/tags/list?n=1000";
const bearer = 'Bearer realm="/token",service="reg"';
const wantsPassword = 'Basic realm="x"';
const token = (scope: string): Exchange => ({
  request: `GET /token?service=reg&scope=${encodeURIComponent(scope)}&client_id=docker`,
  answer: { token: "t" },
});

/** A name that is shown to the letter, whatever stands in it. */
async function shows(username: string): Promise<void> {
  const seen = {
    request: tags,
    headers: { authorization: basic(`${username}:secret`) },
    answer: { tags: ["1"] },
  };
  const found = await ask([closed(wantsPassword), seen], (client) => all(client.tagPages("app")), {
    login: async () => login(username, "secret"),
  });
  assert.deepEqual(found, ["1"]);
}

/** What is told to be typed, by whoever has no login, or none that is good any more. */
async function toType(name: string, exchanges: readonly Exchange[]): Promise<string> {
  let typed = "";
  await ask(
    exchanges,
    (client) =>
      assert.rejects(client.headManifest("app", "1"), (error) => {
        assert.ok(isRegctlError(error, "UNAUTHORIZED"), String(error));
        typed = error.facts.instead ?? "";
        return true;
      }),
    { name },
  );
  return typed;
}

const none = () => Promise.reject(new Error("not here"));
const hub = { name: "docker.io" };
const asksHub = { "x-asked-for": "registry-1.docker.io" };

export const authTests: QuirkTests = {
  "scope-of-deletion": async () => {
    const deleted: Exchange = {
      request: "DELETE /v2/app/manifests/1",
      headers: { authorization: "Bearer t" },
      status: 202,
    };
    const exchanges = [closed(bearer), token("repository:app:*"), deleted];
    assert.equal(await ask(exchanges, (client) => client.deleteManifest("app", "1")), "deleted");
  },
  "scope-granted-less": async () => {
    const answerHeaders = {
      "www-authenticate": `${bearer},scope="repository:app:pull",error="insufficient_scope"`,
    };
    const refused: Exchange = {
      request: tags,
      headers: { authorization: "Bearer t" },
      status: 401,
      answerHeaders,
    };
    const granted: Exchange = {
      request: `GET /token?service=reg&scope=repository%3Aapp%3Apull&account=bob&client_id=docker`,
      answer: { token: "t" },
    };
    const asked = ask([closed(bearer), granted, refused], (client) => all(client.tagPages("app")), {
      login: async () => login("bob", "secret"),
    });
    await assert.rejects(asked, (error) => isRegctlError(error, "DENIED"));
  },
  "artifactory-realm": async () => {
    const realm = "/artifactory/api/docker/docker-local/v2/token";
    const challenge = `Bearer realm="${realm}",service="art.example"`;
    const asked: Exchange = {
      request: `GET ${realm}?service=art.example&scope=repository%3Adocker-local%2Fapp%3Apull&account=bob&client_id=docker`,
      headers: { authorization: basic("bob:key") },
      answer: { token: "t", expires_in: 3600 },
    };
    const seen = { request: "GET /v2/docker-local/app/tags/list?n=1000", answer: { tags: ["1"] } };
    const found = await ask(
      [closed(challenge), asked, seen],
      (client) => all(client.tagPages("docker-local/app")),
      {
        login: async () => login("bob", "key"),
      },
    );
    assert.deepEqual(found, ["1"]);
  },
  "artifactory-path": async () => {
    const exchanges = [
      open,
      { request: "GET /v2/docker-local/team/app/tags/list?n=1000", answer: { tags: ["1"] } },
    ];
    assert.deepEqual(await ask(exchanges, (client) => all(client.tagPages("docker-local/team/app"))), ["1"]);
  },
  "nexus-basic": async () => {
    const headers = { authorization: basic("admin:secret") };
    const twice = { request: tags, headers, answer: { tags: ["1"] }, times: 2 };
    await ask(
      [closed('BASIC realm="Sonatype Nexus Repository Manager"'), twice],
      async (client) => {
        for (const _time of [1, 2]) assert.deepEqual(await all(client.tagPages("app")), ["1"]);
      },
      { login: async () => login("admin", "secret") },
    );
  },
  "harbor-robot": () => shows("robot$team+ci"),
  "quay-robot": () => shows("team+ci"),
  "gitlab-token-without-delete": async () => {
    const answer = { errors: [{ code: "DENIED", message: "access forbidden" }] };
    const refused: Exchange = {
      request: "GET /token?service=reg&scope=repository%3Aapp%3A*&client_id=docker",
      status: 403,
      answer,
    };
    const asked = ask([closed(bearer), refused], (client) => client.deleteManifest("app", "1"));
    await assert.rejects(
      asked,
      (error) => isRegctlError(error, "UNAUTHORIZED") && error.facts.reason === "access forbidden",
    );
  },
  "ecr-token-expired": async () => {
    const expired: Exchange = {
      request: "HEAD /v2/app/manifests/1",
      status: 403,
      answerHeaders: { "content-type": "text/plain" },
    };
    const answer = "Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one.";
    const name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    const get = { ...expired, request: "GET /v2/app/manifests/1", answer };
    assert.match(
      await toType(name, [open, expired, get]),
      /^aws ecr get-login-password \| regctl login 1234.*AWS/,
    );
  },
  "google-token": async () => {
    const refused: Exchange = { request: "HEAD /v2/app/manifests/1", status: 401 };
    assert.match(await toType("eu-docker.pkg.dev", [open, refused]), /^gcloud auth print-access-token/);
  },
  "hub-host": async () => {
    const seen = {
      request: "GET /v2/library/alpine/tags/list?n=1000",
      headers: asksHub,
      answer: { tags: ["3"] },
    };
    const exchanges = [{ ...open, headers: asksHub }, seen];
    assert.deepEqual(await ask(exchanges, (client) => all(client.tagPages("library/alpine")), hub), ["3"]);
  },
  "hub-credentials-key": async () => {
    const auth = Buffer.from("bob:secret").toString("base64");
    const world = {
      environment: {
        DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }),
      },
      home: "/nonexistent",
      files: { read: async () => null, list: async () => [], write: none, append: none, remove: none },
      spawn: none,
      emit: () => {},
    };
    const seen = {
      request: tags,
      headers: { ...asksHub, authorization: basic("bob:secret") },
      answer: { tags: [] },
    };
    await ask([closed(wantsPassword), seen], (client) => all(client.tagPages("app")), {
      ...hub,
      login: () => findCredential("docker.io", world),
    });
  },
  "hub-limit-near": async () => {
    const left = (count: number) => ({
      "ratelimit-limit": "100;w=21600",
      "ratelimit-remaining": `${count};w=21600`,
    });
    const exchanges = [11, 10, 9].map((count) => ({
      request: tags,
      answer: { tags: [] },
      answerHeaders: left(count),
    }));
    await ask(
      [open, ...exchanges],
      async (client, _registry, opened) => {
        for (const expected of [0, 1, 1]) {
          await all(client.tagPages("app"));
          assert.equal(opened.told.filter(({ event }) => event === "note").length, expected);
        }
        const [note] = opened.told.flatMap((event) => (event.event === "note" ? [event.note] : []));
        assert.match(note ?? "", /lets 10 more of 100 requests for manifests pass in 6 hours/);
      },
      hub,
    );
  },
  "hub-limit-reached": async () => {
    const answer = "You have reached your pull rate limit. https://www.docker.com/increase-rate-limit";
    const exchanges = [open, { request: tags, status: 429, answer, times: 5 }];
    const asked = ask(exchanges, (client) => all(client.tagPages("app")), hub);
    await assert.rejects(
      asked,
      (error) =>
        isRegctlError(error, "RATE_LIMITED") && /reached your pull rate limit/.test(error.facts.message),
    );
  },
};

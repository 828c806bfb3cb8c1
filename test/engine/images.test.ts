/** Answers written by hand after moby's api/swagger.yaml (v20.10, v28) and what a 20.10 and a 28 said to the docker CLI. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { type ImageEngine, openEngine } from "../../src/engine/client.ts";
import type { EngineEvent } from "../../src/engine/image-info.ts";
import { isRegctlError } from "../../src/errors.ts";
import { openHttp } from "../../src/system/http.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { type ScriptedEngine, startScriptedEngine } from "../support/scripted-engine.ts";
import { engine2010 } from "./scripts.ts";

const local = createLocalHost(spawn);
const never = new AbortController().signal;

type Route = (request: IncomingMessage, response: ServerResponse) => void;

async function openScripted(
  routes: Readonly<Record<string, Route>>,
): Promise<AsyncDisposable & { readonly engine: ImageEngine; readonly scripted: ScriptedEngine }> {
  const scripted = await startScriptedEngine(engine2010);
  scripted.intercept((request, response) => {
    const line = `${request.method} ${(request.url ?? "").replace(/^\/v1\.41/, "")}`;
    const route = routes[line];
    route?.(request, response);
    return route !== undefined;
  });
  const dial = () => local.dial({ kind: "unix", path: scripted.socketPath });
  const engine = openEngine(dial, openHttp, { host: "localhost", via: "test" });
  return {
    engine,
    scripted,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await scripted.close();
    },
  };
}

const json =
  (status: number, ...values: readonly object[]): Route =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
  };

async function collect(events: AsyncGenerator<EngineEvent>): Promise<readonly EngineEvent[]> {
  const all: EngineEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("the list leaves out what has no name, and reads an engine without lists", async () => {
  const lines = [
    {
      Id: "sha256:aa",
      RepoTags: ["app:1", "r:5000/app:1"],
      RepoDigests: ["<none>@<none>"],
      Created: 7,
      Size: 9,
    },
    { Id: "sha256:bb", RepoTags: ["<none>:<none>"], RepoDigests: null, Created: 8, Size: 1 },
  ];
  await using opened = await openScripted({
    "GET /images/json": (_request, response) => response.end(JSON.stringify(lines)),
  });
  assert.deepEqual(await opened.engine.images.list(), [
    { id: "sha256:aa", tags: ["app:1", "r:5000/app:1"], digests: [], created: 7, size: 9 },
    { id: "sha256:bb", tags: [], digests: [], created: 8, size: 1 },
  ]);
});

test("one image, one that is not there, and an id that several begin with", async () => {
  await using opened = await openScripted({
    "GET /images/r:5000/team/app:1/json": json(200, {
      Id: "sha256:aa",
      RepoTags: ["r:5000/team/app:1"],
      Created: "2026-01-02T03:04:05.123456789Z",
      Architecture: "arm64",
      Variant: "v8",
      Os: "linux",
      Size: 12,
      RootFS: { Type: "layers", Layers: ["sha256:l1", "sha256:l2"] },
      Descriptor: { mediaType: "m", digest: "sha256:dd", size: 3 },
    }),
    "GET /images/gone/json": json(404, { message: "No such image: gone" }),
    "GET /images/ab/json": json(500, { message: "Multiple IDs found with provided prefix: ab" }),
  });
  const { images } = opened.engine;
  assert.deepEqual(await images.inspect("r:5000/team/app:1"), {
    id: "sha256:aa",
    tags: ["r:5000/team/app:1"],
    digests: [],
    size: 12,
    created: "2026-01-02T03:04:05.123456789Z",
    os: "linux",
    architecture: "arm64",
    variant: "v8",
    diffIds: ["sha256:l1", "sha256:l2"],
    descriptor: { mediaType: "m", digest: "sha256:dd", size: 3 },
  });
  assert.equal(await images.inspect("gone"), null);
  await assert.rejects(images.inspect("ab"), (error) => isRegctlError(error, "ENGINE_ERROR"));
});

test("names come and go", async () => {
  await using opened = await openScripted({
    "POST /images/sha256:aa/tag?repo=r%3A5000%2Fapp&tag=1.0": json(201),
    "DELETE /images/r:5000/app:1.0?noprune=1": json(200, [{ Untagged: "r:5000/app:1.0" }]),
    "DELETE /images/r:5000/app:2.0?noprune=1": json(404, { message: "No such image" }),
  });
  const { images } = opened.engine;
  await images.tag("sha256:aa", "r:5000/app", "1.0");
  assert.equal(await images.untag("r:5000/app:1.0"), true);
  assert.equal(await images.untag("r:5000/app:2.0"), false);
});

test("an image is read as it comes, and other requests go on meanwhile", async () => {
  const content = randomBytes(3_000_000);
  await using opened = await openScripted({
    "GET /images/get?names=sha256%3Aaa&names=b%3A1": (_request, response) => {
      response.write(content.subarray(0, 1_000_000));
      setTimeout(() => response.end(content.subarray(1_000_000)), 100);
    },
    "GET /images/json": (_request, response) => response.end("[]"),
  });
  const { images } = opened.engine;
  const tar = await images.save(["sha256:aa", "b:1"], never);
  assert.deepEqual(await images.list(), []);
  assert.ok(content.equals(await buffer(tar)));
});

test("an image that cannot be read is an error, with the engine's words", async () => {
  await using opened = await openScripted({
    "GET /images/get?names=gone": json(404, { message: "No such image: gone" }),
  });
  await assert.rejects(
    opened.engine.images.save(["gone"], never),
    (error) =>
      isRegctlError(error, "ENGINE_ERROR") &&
      error.facts.request === "GET /v1.41/images/get" &&
      error.facts.message === "No such image: gone",
  );
});

test("an image is written as a stream; the engine's last word is an event", async () => {
  const content = randomBytes(2_000_000);
  let received: Buffer | null = null;
  await using opened = await openScripted({
    "POST /images/load?quiet=1": (request, response) => {
      buffer(request).then((bytes) => {
        received = bytes;
        response.end(
          '{"stream":"Loaded image: app:1\\n"}\n{"errorDetail":{"message":"no space"},"error":"no space"}',
        );
      });
    },
  });
  const events = await collect(await opened.engine.images.load(Readable.from([content]), never));
  assert.ok(content.equals(received ?? Buffer.alloc(0)));
  assert.deepEqual(
    events.map(({ status, error }) => [status, error]),
    [
      ["Loaded image: app:1", ""],
      ["", "no space"],
    ],
  );
});

test("a push shows its login in a header and tells the digest at its end", async () => {
  const logins: unknown[] = [];
  await using opened = await openScripted({
    "POST /images/r:5000/app/push?tag=1.0": (request, response) => {
      logins.push(
        JSON.parse(Buffer.from(String(request.headers["x-registry-auth"]), "base64url").toString()),
      );
      json(
        200,
        { status: "Pushing", id: "abc", progressDetail: { current: 5, total: 9 } },
        { aux: { Tag: "1.0", Digest: "sha256:dd", Size: 528 } },
      )(request, response);
    },
  });
  const login = { username: "ann", password: "pä$$", registry: "r:5000" };
  const events = await collect(await opened.engine.images.push("r:5000/app", "1.0", login, never));
  await collect(await opened.engine.images.push("r:5000/app", "1.0", null, never));
  assert.deepEqual(events, [
    { status: "Pushing", id: "abc", current: 5, total: 9, error: "", pushed: null },
    {
      status: "",
      id: "",
      current: 0,
      total: 0,
      error: "",
      pushed: { tag: "1.0", digest: "sha256:dd", size: 528 },
    },
  ]);
  assert.deepEqual(logins, [{ username: "ann", password: "pä$$", serveraddress: "r:5000" }, {}]);
});

test("a login is padded base64 in the URL alphabet, whatever its length: engines read no other", async () => {
  const headers: string[] = [];
  await using opened = await openScripted({
    "POST /images/r:5000/app/push?tag=1": (request, response) => {
      headers.push(String(request.headers["x-registry-auth"]));
      json(200)(request, response);
    },
  });
  const logins = ["?~", "?~1", "?~12"].map((password) => ({ username: "ann", password, registry: "r:5000" }));
  for (const login of [...logins, null]) {
    await collect(await opened.engine.images.push("r:5000/app", "1", login, never));
  }
  assert.equal(headers.length, 4);
  for (const header of headers) {
    assert.match(header, /^[\w-]+={0,2}$/);
    assert.equal(header.length % 4, 0);
  }
  assert.deepEqual(new Set(headers.map((header) => header.split("=").length - 1)), new Set([0, 1, 2]));
});

test("a pull names its platform", async () => {
  await using opened = await openScripted({
    "POST /images/create?fromImage=r%3A5000%2Fapp&tag=sha256%3Add&platform=linux%2Farm64": json(200, {
      status: "Status: Downloaded newer image",
    }),
  });
  const options = { login: null, platform: "linux/arm64", signal: never };
  const events = await collect(await opened.engine.images.pull("r:5000/app", "sha256:dd", options));
  assert.equal(events[0]?.status, "Status: Downloaded newer image");
});

test("an engine that hangs up in the middle ends the stream with an error", async () => {
  await using opened = await openScripted({
    "GET /images/get?names=a": (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("x".repeat(50));
      setTimeout(() => opened.scripted.cut(), 50);
    },
  });
  await assert.rejects(opened.engine.images.save(["a"], never).then(buffer));
});

test("an interrupted stream ends with the reason", async () => {
  const interruption = new AbortController();
  await using opened = await openScripted({ "GET /images/get?names=a": () => {} });
  const waiting = opened.engine.images.save(["a"], interruption.signal);
  setTimeout(() => interruption.abort(new Error("Ctrl-C")), 50);
  await assert.rejects(waiting, /Ctrl-C/);
});

/**
 * `pull` through an engine that trusts the registry.
 * SOURCE of its lines: `docker pull` against a 20.10.24 in the lab, seen by `POST /images/create`; sizes made smaller.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { makeImage } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import { openPullWorld } from "./pull-world.ts";

const digest = `sha256:${"d".repeat(64)}`;
const id = `sha256:${"1".repeat(64)}`;

const lines = [
  { status: "Pulling from app", id: "1" },
  { status: "Already exists", progressDetail: {}, id: "aaaaaaaaaaaa" },
  { status: "Pulling fs layer", progressDetail: {}, id: "bbbbbbbbbbbb" },
  { status: "Pulling fs layer", progressDetail: {}, id: "cccccccccccc" },
  { status: "Downloading", progressDetail: { current: 100, total: 700 }, id: "bbbbbbbbbbbb" },
  { status: "Downloading", progressDetail: { current: 40, total: 40 }, id: "cccccccccccc" },
  { status: "Download complete", progressDetail: {}, id: "cccccccccccc" },
  { status: "Downloading", progressDetail: { current: 700, total: 700 }, id: "bbbbbbbbbbbb" },
  { status: "Verifying Checksum", progressDetail: {}, id: "bbbbbbbbbbbb" },
  { status: "Download complete", progressDetail: {}, id: "bbbbbbbbbbbb" },
  { status: "Extracting", progressDetail: { current: 700, total: 700 }, id: "bbbbbbbbbbbb" },
  { status: "Pull complete", progressDetail: {}, id: "bbbbbbbbbbbb" },
  { status: "Pull complete", progressDetail: {}, id: "cccccccccccc" },
  { status: `Digest: ${digest}` },
  { status: "Status: Downloaded newer image for r:5000/app:1" },
];

async function openTrusting() {
  const world = await openPullWorld();
  world.engine.probe = [404, "manifest unknown: manifest unknown"];
  const reference = `${world.proxy.host}/app`;
  world.engine.pulls = () => {
    const image = { diffIds: ["x"], os: "linux", architecture: "amd64" };
    world.engine.images.set(id, { ...image, tags: [`${reference}:1`], digests: [`${reference}@${digest}`] });
    return [200, lines];
  };
  return world;
}

test("what it tells is the progress, and what it knows afterwards the result", async () => {
  await using world = await openTrusting();
  const { seconds: _, ...item } = await world.pull("app:1", { as: ["mine"] });
  assert.deepEqual(item, {
    reference: `${world.proxy.host}/app:1`,
    via: "engine",
    why: "the engine trusts the registry",
    output: null,
    digest,
    imageId: id,
    platform: "linux/amd64",
    names: [`${world.proxy.host}/app:1`, "mine:latest"],
    bytesReceived: 740,
    bytesReused: null,
    layers: { received: 2, reused: 1 },
    changed: true,
    digestKnown: true,
  });
  assert.deepEqual(world.engine.images.get(id)?.tags, [`${world.proxy.host}/app:1`, "mine:latest"]);
  const told = world.told.flatMap((event) => (event.event === "bytes" ? [[event.done, event.total]] : []));
  assert.deepEqual(told.at(-1), [740, 740]);
  assert.ok(told.some(([done, total]) => done === 140 && total === 740));
  assert.deepEqual(world.proxy.requests, [], "the registry is the engine's to ask");
});

/** SOURCE: `POST /images/create` of Podman 5.8 against a docker-registry in the lab, the second time. */
const podmanLines = [
  { status: "Already exists", progressDetail: {}, id: "aaaaaaaaaaaa" },
  { status: "Pulling fs layer", progressDetail: {}, id: "111111111111" },
  { status: "Download complete", progressDetail: {}, id: "111111111111" },
];

test("Podman tells neither digest nor whether anything was new, and speaks of the image as of a layer", async () => {
  await using world = await openTrusting();
  await world.pull("app:1", { via: "engine" });
  world.engine.pulls = () => [200, podmanLines];
  const item = await world.pull("app:1", { via: "engine" });
  assert.deepEqual(
    [item.digest, item.changed, item.layers, item.imageId],
    [digest, false, { received: 0, reused: 1 }, id],
  );
});

test("with the user's login, by digest, and for another platform", async () => {
  await using world = await openTrusting();
  const { host } = world.proxy;
  await mkdir(join(world.home, ".docker"));
  const auths = { [host]: { auth: Buffer.from("ann:secret").toString("base64") } };
  await writeFile(join(world.home, ".docker/config.json"), JSON.stringify({ auths }));
  const item = await world.pull(`app@${digest}`, { platform: "linux/arm64" });
  assert.deepEqual([item.via, item.imageId, item.names], ["engine", id, []]);
  const line = world.engine.scripted.requests.find((each) => each.includes("/images/create"));
  const query = new URL(`http://engine${line?.split(" ")[1]}`).searchParams;
  assert.deepEqual(
    ["fromImage", "tag", "platform"].map((name) => query.get(name)),
    [`${host}/app`, digest, "linux/arm64"],
  );
  const header = world.engine.logins.at(-1);
  assert.deepEqual(JSON.parse(Buffer.from(String(header), "base64url").toString()), {
    username: "ann",
    password: "secret",
    serveraddress: host,
  });
});

test("its refusals are our errors, with what the registry said", async () => {
  await using world = await openTrusting();
  const table = [
    [404, "manifest for r:5000/app:1 not found: manifest unknown: manifest unknown", "NOT_FOUND"],
    [500, "Get https://r:5000/v2/app/manifests/1: no basic auth credentials", "UNAUTHORIZED"],
    [
      404,
      "pull access denied for app, repository does not exist or may require 'docker login'",
      "UNAUTHORIZED",
    ],
    [500, "Get https://r:5000/v2/: http: server gave HTTP response to HTTPS client", "ENGINE_ERROR"],
  ] as const;
  for (const [status, message, code] of table) {
    world.engine.pulls = () => [status, [{ message }]];
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, code), message);
  }
  const message = "failed to register layer: no space left on device";
  world.engine.pulls = () => [200, [...lines.slice(0, 5), { errorDetail: { message }, error: message }]];
  await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "ENGINE_ERROR"));
});

test("of several, one that fails leaves the others; its error stands in its item", async () => {
  await using world = await openPullWorld();
  const image = makeImage();
  await pushTree(world.host, "app", ["1"], image);
  const references = ["gone:1", "app:1"].map((name) => `${world.proxy.host}/${name}`);
  const { document, exitCode } = await world.pullAll({ references });
  assert.equal(exitCode, 5);
  assert.equal(document.ok, false);
  const [first, second] = document.items;
  assert.equal(first?.error?.code, "NOT_FOUND");
  assert.deepEqual([second?.imageId, second?.error], [image.config.digest, undefined]);
});

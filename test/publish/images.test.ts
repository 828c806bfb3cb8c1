/** `images`: the engine's list beside what our own registry holds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { type ImagesInput, listImages } from "../../src/publish/images.ts";
import type { ImagesOutcome } from "../../src/publish/images-outcome.ts";
import { createRowFilter, rowsOf, sortRows } from "../../src/publish/images-rows.ts";
import { renderImages } from "../../src/report/images.ts";
import type { KeptImage } from "../pull/model-engine.ts";
import { openPullWorld } from "../pull/pull-world.ts";
import { openHastyWorld } from "../support/hasty-world.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";

const one = makeImage({ seed: "one", created: "2026-01-01T00:00:00Z" });
const two = makeImage({ seed: "two", created: "2026-03-01T00:00:00Z" });
const arm = makeImage({ seed: "arm", platform: "linux/arm64" });

const kept = (tags: string[], digests: string[] = []): KeptImage => ({
  diffIds: [],
  os: "linux",
  architecture: "amd64",
  tags,
  digests,
});

async function openImagesWorld() {
  const world = await openPullWorld();
  const list = async (input: Partial<ImagesInput> = {}) => {
    const { context, told } = openHastyWorld({ home: world.home });
    const environment = { ...context.environment, DOCKER_HOST: `unix://${world.engine.scripted.socketPath}` };
    const usual = { unpublished: false, sort: "name", registry: world.proxy.host } as const;
    const outcome = await listImages({ ...usual, ...input }, { ...context, environment });
    return { ...outcome, told };
  };
  return { ...world, list };
}

const publishedOf = ({ items }: ImagesOutcome) =>
  Object.fromEntries(items.map(({ repository, tag, published }) => [`${repository}:${tag}`, published]));

describe("published", () => {
  test("by the configuration, the digest, a platform of an index, under the name without its registry", async () => {
    await using world = await openImagesWorld();
    const index = makeIndex([arm, two]);
    await pushTree(world.host, "app", ["1", "2"], one);
    await pushTree(world.host, "team/many", ["1"], index);
    const { images } = world.engine;
    images.set(
      one.config.digest,
      kept(["app:1", `${world.proxy.host}/app:1`, "other.example/app:2", "app:3"]),
    );
    images.set(two.config.digest, kept(["team/many:1", "app:2", "other.example/app:1"]));
    // As containerd's store calls one: by its manifest, or by the index that it was pulled by.
    images.set(arm.manifest.digest, kept(["localhost:5000/team/many:1"]));
    images.set(index.manifest.digest, kept(["quay.example/team/many:1"]));
    images.set(
      "sha256:pulled",
      kept(["mirror.example/app:1"], [`mirror.example/app@${one.manifest.digest}`]),
    );
    const outcome = await world.list();
    assert.deepEqual(publishedOf(outcome), {
      "app:1": "yes",
      [`${world.proxy.host}/app:1`]: "yes",
      "other.example/app:2": "yes",
      "app:3": "no",
      "team/many:1": "yes",
      "app:2": "older",
      "other.example/app:1": "older",
      "localhost:5000/team/many:1": "yes",
      "quay.example/team/many:1": "yes",
      "mirror.example/app:1": "yes",
    });
    const older = outcome.items.find(({ repository, tag }) => repository === "app" && tag === "2");
    assert.deepEqual(older?.there, {
      reference: `${world.proxy.host}/app:2`,
      digest: one.manifest.digest,
      created: "2026-01-01T00:00:00.000Z",
    });
    const left = await world.list({ unpublished: true });
    assert.deepEqual(Object.keys(publishedOf(left)).sort(), ["app:2", "app:3", "other.example/app:1"]);
  });

  test("each name is asked for once, and the same digest looked into once", async () => {
    await using world = await openImagesWorld();
    await pushTree(world.host, "app", ["1"], one);
    const names = ["app:1", `${world.proxy.host}/app:1`, "a.example/app:1"];
    world.engine.images.set(one.config.digest, kept(names));
    await world.list();
    const lines = world.proxy.requests.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(
      lines.filter((line) => line.endsWith("/manifests/1")),
      ["HEAD /v2/app/manifests/1"],
    );
    assert.equal(lines.filter((line) => line.includes(`/manifests/${one.manifest.digest}`)).length, 1);
  });

  test("an image without a name is looked for by the digest that the engine knows", async () => {
    await using world = await openImagesWorld();
    await pushTree(world.host, "app", ["1"], one);
    const { images } = world.engine;
    images.set(one.config.digest, kept([], [`${world.proxy.host}/app@${one.manifest.digest}`]));
    images.set(two.config.digest, kept([], [`${world.proxy.host}/app@${two.manifest.digest}`]));
    images.set(arm.config.digest, kept([]));
    const { items } = await world.list({ sort: "created" });
    assert.deepEqual(
      new Map(items.map(({ id, published }) => [id, published])),
      new Map([
        [one.config.digest, "yes"],
        [two.config.digest, "no"],
        [arm.config.digest, "no"],
      ]),
    );
  });

  test("what cannot be asked is unknown, and the table comes all the same", async () => {
    await using world = await openImagesWorld();
    await pushTree(world.host, "app", ["1"], one);
    world.engine.images.set(one.config.digest, kept(["app:1", "closed:1"]));
    const refused = { path: /\/closed\//, times: 100, fault: { kind: "status", status: 403 } } as const;
    world.proxy.set(refused);
    const some = await world.list();
    assert.deepEqual(publishedOf(some), { "app:1": "yes", "closed:1": "unknown" });
    assert.equal(some.told.filter(({ event }) => event === "warning").length, 1);
    assert.deepEqual(Object.keys(publishedOf(await world.list({ unpublished: true }))), ["closed:1"]);

    const dead = await world.list({ registry: "127.0.0.1:1" });
    assert.deepEqual(publishedOf(dead), { "app:1": "unknown", "closed:1": "unknown" });
    assert.equal(dead.told.filter(({ event }) => event === "warning").length, 1);

    const none = await world.list({ registry: undefined });
    assert.deepEqual([none.registry, ...Object.values(publishedOf(none))], [null, "unknown", "unknown"]);
  });

  test("without an engine there is nothing to list", async () => {
    await using world = await openImagesWorld();
    await world.engine.scripted.close();
    await assert.rejects(world.list(), (error) => isRegctlError(error, "ENGINE_UNREACHABLE"));
  });
});

describe("rows", () => {
  const rows = rowsOf([
    { id: "sha256:a", tags: ["r:5000/team/app:1", "app:2"], digests: [], created: 100, size: 5 },
    { id: "sha256:b", tags: ["web:1"], digests: [], created: 300, size: 9 },
    { id: "sha256:c", tags: [], digests: [], created: 0, size: 7 },
  ]);
  const names = (chosen: readonly { repository: string | null; tag: string | null }[]) =>
    chosen.map(({ repository, tag }) => `${repository}:${tag}`);

  test("one for each name, the port's colon left alone", () => {
    assert.deepEqual(names(rows), ["r:5000/team/app:1", "app:2", "web:1", "null:null"]);
    assert.deepEqual(
      rows.map(({ created }) => created),
      ["1970-01-01T00:01:40.000Z", "1970-01-01T00:01:40.000Z", "1970-01-01T00:05:00.000Z", null],
    );
  });

  test("filtered", () => {
    const table: readonly (readonly [string, readonly string[]])[] = [
      ["app", ["r:5000/team/app:1", "app:2"]],
      ["app:2", ["app:2"]],
      ["a*", ["app:2"]],
      ["*:1", ["r:5000/team/app:1", "web:1"]],
      ["/^r:.*1$/", ["r:5000/team/app:1"]],
      ["<none>", ["null:null"]],
      ["zzz", []],
    ];
    for (const [text, wanted] of table)
      assert.deepEqual(names(rows.filter(createRowFilter(text))), wanted, text);
    assert.throws(() => createRowFilter(""), /USAGE/);
    assert.throws(() => createRowFilter("[a"), /USAGE/);
  });

  test("sorted", () => {
    assert.deepEqual(names(sortRows(rows, "created")), ["web:1", "app:2", "r:5000/team/app:1", "null:null"]);
    assert.deepEqual(names(sortRows(rows, "size")), ["web:1", "null:null", "app:2", "r:5000/team/app:1"]);
    assert.deepEqual(names(sortRows(rows, "name")), ["null:null", "app:2", "r:5000/team/app:1", "web:1"]);
  });
});

test("the table is the one of docker images, and one column", () => {
  const there = (created: string | null) => ({ reference: "r/app:1", digest: one.manifest.digest, created });
  const base = { repository: "r:5000/app", tag: "1", id: one.config.digest, size: 1536 };
  const created = "2026-02-01T00:00:00.000Z";
  const outcome: ImagesOutcome = {
    registry: "r:5000",
    items: [
      { ...base, created, published: "yes", there: there(null) },
      { ...base, created, published: "older", there: there("2026-01-01T00:00:00.000Z") },
      { ...base, created, published: "older", there: there("2026-02-02T00:00:00.000Z") },
      { ...base, created: null, repository: null, tag: null, published: "no", there: null },
    ],
  };
  const options = { columns: 100, color: false, unicode: false };
  const short = one.config.digest.slice(7, 19);
  assert.deepEqual(renderImages(outcome, options, new Date("2026-02-04T00:00:00Z")), [
    "REPOSITORY  TAG     IMAGE ID      CREATED  SIZE     PUBLISHED",
    `r:5000/app  1       ${short}  3d ago   1.5 KiB  yes`,
    `r:5000/app  1       ${short}  3d ago   1.5 KiB  older`,
    `r:5000/app  1       ${short}  3d ago   1.5 KiB  newer there`,
    `<none>      <none>  ${short}  -        1.5 KiB  no`,
  ]);
});

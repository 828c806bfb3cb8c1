/** `tags` on our own registry: what is shown, and what is asked for it. */
import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ListTagsInput, listTags } from "../../src/browse/list-tags.ts";
import { isRegctlError } from "../../src/errors.ts";
import { refuse } from "../../src/server/response.ts";
import { amd64, type BrowseWorld, openBrowseWorld } from "../support/browse-world.ts";
import { makeAttestation, makeImage, makeIndex, makeReferrer } from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { pushTree } from "../support/registry-content.ts";

const old = makeImage({ seed: "old", created: "2026-01-01T00:00:00Z" });
const amd = makeImage({ seed: "amd", created: "2026-01-02T00:00:00Z", layers: [10, 20, 30] });
const arm = makeImage({ seed: "arm", platform: "linux/arm64", created: "2026-01-03T00:00:00Z" });
const both = makeIndex([arm, amd], { attestations: [makeAttestation(amd)] });

const sizeOf = ({ config, layers }: typeof amd) =>
  [config, ...layers].reduce((sum, { bytes }) => sum + bytes.length, 0);

/** `app` with 1.0 on one image, and 2.0, 2 and latest on an index. */
async function startFilled(): Promise<OddRegistry> {
  const registry = await startOddRegistry();
  await pushTree(registry.host, "app", ["1.0"], old);
  await pushTree(registry.host, "app", ["2.0", "2", "latest"], both);
  registry.requests.length = 0;
  return registry;
}

async function list(
  { host, requests }: OddRegistry,
  { world }: BrowseWorld,
  input: Partial<ListTagsInput> = {},
) {
  requests.length = 0;
  const usual = { name: `${host}/app`, sort: "created", machine: amd64 } as const;
  const { document, exitCode } = await listTags({ ...usual, ...input }, world);
  // How it is reached does not matter here.
  const asked = requests.filter((line) => line !== "GET /v2/").toSorted();
  return { ...document, exitCode, asked };
}

const manifest = (key: string, method = "GET") => `${method} /v2/app/manifests/${key}`;
const tagList = "GET /v2/app/tags/list";
const whole = ["1.0", "2", "2.0", "latest"];

test("the newest first, each with what stands behind it", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const { items, asked, ...rest } = await list(registry, browse);
  const index = {
    digest: both.manifest.digest,
    kind: "index",
    artifactType: null,
    created: "2026-01-02T00:00:00.000Z",
    size: sizeOf(amd),
    sizePlatform: "linux/amd64",
    platforms: ["linux/arm64", "linux/amd64"],
  };
  assert.deepEqual(items, [
    { tag: "2.0", ...index, alsoTagged: ["2", "latest"] },
    { tag: "2", ...index, alsoTagged: ["2.0", "latest"] },
    { tag: "latest", ...index, alsoTagged: ["2.0", "2"] },
    {
      tag: "1.0",
      digest: old.manifest.digest,
      kind: "image",
      artifactType: null,
      created: "2026-01-01T00:00:00.000Z",
      size: sizeOf(old),
      sizePlatform: null,
      platforms: ["linux/amd64"],
      alsoTagged: [],
    },
  ]);
  assert.deepEqual(rest, {
    registry: registry.host,
    name: "app",
    sort: "created",
    total: 4,
    matching: 4,
    aboutImages: 0,
    missing: [],
    exitCode: 0,
  });
  // Of the index one variant; what three tags share is read once.
  assert.deepEqual(
    asked,
    [
      `GET /v2/app/blobs/${amd.config.digest}`,
      `GET /v2/app/blobs/${old.config.digest}`,
      manifest(amd.manifest.digest),
      ...whole.map((tag) => manifest(tag)),
      tagList,
    ].toSorted(),
  );
});

describe("the second time", () => {
  test("only the tags are asked for their digests", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    const first = await list(registry, browse);
    const second = await list(registry, browse);
    assert.deepEqual(second.items, first.items);
    assert.deepEqual(second.asked, [tagList, ...whole.map((tag) => manifest(tag, "HEAD"))].toSorted());
  });

  test("a tag that moved is seen, and what is new is read", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    await list(registry, browse);
    const moved = makeImage({ seed: "moved", created: "2026-02-01T00:00:00Z" });
    await pushTree(registry.host, "app", ["latest", "3.0"], moved);
    const { items, asked } = await list(registry, browse);
    assert.deepEqual(
      items.map(({ tag, digest }) => [tag, digest]),
      [
        ["3.0", moved.manifest.digest],
        ["latest", moved.manifest.digest],
        ["2.0", both.manifest.digest],
        ["2", both.manifest.digest],
        ["1.0", old.manifest.digest],
      ],
    );
    assert.deepEqual(
      asked,
      [
        tagList,
        ...whole.map((tag) => manifest(tag, "HEAD")),
        manifest("latest"),
        manifest("3.0"),
        `GET /v2/app/blobs/${moved.config.digest}`,
      ].toSorted(),
    );
  });

  test("a tag that moved back costs one question", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    await list(registry, browse);
    await pushTree(registry.host, "app", ["latest"], old);
    const { items, asked } = await list(registry, browse);
    assert.equal(items.find(({ tag }) => tag === "latest")?.digest, old.manifest.digest);
    assert.deepEqual(asked, [tagList, ...whole.map((tag) => manifest(tag, "HEAD"))].toSorted());
  });

  test("for another machine another variant is read", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    await list(registry, browse);
    const machine = { os: "linux", architecture: "arm64" };
    const { items, asked } = await list(registry, browse, { machine });
    assert.deepEqual(
      [items[0]?.sizePlatform, items[0]?.size, items[0]?.created],
      ["linux/arm64", sizeOf(arm), "2026-01-03T00:00:00.000Z"],
    );
    assert.ok(asked.includes(manifest(arm.manifest.digest)) && !asked.includes(manifest("2.0")));
  });

  for (const [name, text] of [
    ["garbage", "{"],
    ["of another version", '{"version":99,"facts":[],"tags":{}}'],
    ["full of wrong types", '{"version":1,"repository":"REPO","facts":{"x":1},"tags":{"1.0":"y"}}'],
  ]) {
    test(`a memory that is ${name} is none`, async () => {
      await using registry = await startFilled();
      await using browse = await openBrowseWorld();
      const first = await list(registry, browse);
      const folder = join(browse.home, ".cache/regctl/manifests");
      const [file = ""] = await readdir(folder);
      await writeFile(join(folder, file), (text ?? "").replace("REPO", `${registry.host}/app`));
      const second = await list(registry, browse);
      assert.deepEqual([second.items, second.asked], [first.items, first.asked]);
      assert.ok((await readFile(join(folder, file), "utf8")).includes(both.manifest.digest), "mended");
    });
  }
});

test("the memory is for its owner's eyes", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  await list(registry, browse);
  const folder = join(browse.home, ".cache/regctl/manifests");
  const [file = ""] = await readdir(folder);
  assert.deepEqual(
    [(await stat(folder)).mode & 0o777, (await stat(join(folder, file))).mode & 0o777],
    [0o700, 0o600],
  );
});

test("a memory that cannot be read or written changes nothing", async () => {
  await using registry = await startFilled();
  const broken = () => Promise.reject(Object.assign(new Error("EROFS"), { code: "EROFS" }));
  await using browse = await openBrowseWorld({ files: { write: broken } });
  await writeFile(join(browse.home, ".cache"), "a file where the folder would be");
  await chmod(join(browse.home, ".cache"), 0);
  assert.equal((await list(registry, browse)).items.length, 4);
});

describe("orders", () => {
  for (const [sort, tags] of [
    ["created", ["2.0", "2", "latest", "1.0"]],
    ["size", ["1.0", "2.0", "2", "latest"]],
    ["semver", ["2.0", "2", "1.0", "latest"]],
    ["name", ["1.0", "2", "2.0", "latest"]],
  ] as const) {
    test(sort, async () => {
      await using registry = await startFilled();
      await using browse = await openBrowseWorld();
      const { items } = await list(registry, browse, { sort });
      assert.deepEqual(
        items.map(({ tag }) => tag),
        tags,
      );
    });
  }

  test("where names decide, no more is looked at than is shown", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    const { items, asked, matching } = await list(registry, browse, { sort: "name", limit: 1 });
    assert.deepEqual([items.map(({ tag }) => tag), matching], [["1.0"], 4]);
    assert.deepEqual(asked, [`GET /v2/app/blobs/${old.config.digest}`, manifest("1.0"), tagList].toSorted());
  });

  test("where time decides, all are looked at", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    const { items } = await list(registry, browse, { limit: 1 });
    assert.deepEqual(
      items.map(({ tag, alsoTagged }) => [tag, alsoTagged]),
      [["2.0", ["2", "latest"]]],
    );
  });
});

test("a filter takes globs and expressions", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const tagsOf = async (filter: string) =>
    (await list(registry, browse, { filter, sort: "name" })).items.map(({ tag }) => tag);
  assert.deepEqual(await tagsOf("2*"), ["2", "2.0"]);
  assert.deepEqual(await tagsOf("/^la|0$/"), ["1.0", "2.0", "latest"]);
  assert.deepEqual(await tagsOf("none"), []);
  await assert.rejects(tagsOf("/("), (error) => isRegctlError(error, "USAGE"));
});

test("what clients keep under tags of their own is counted, and shown to those who ask for it", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const tag = old.manifest.digest.replace(":", "-");
  await pushTree(registry.host, "app", [`${tag}.sig`], makeReferrer(old.manifest));
  const usual = await list(registry, browse);
  assert.deepEqual([usual.total, usual.matching, usual.aboutImages, usual.items.length], [5, 4, 1, 4]);
  const { items } = await list(registry, browse, { filter: "*.sig" });
  assert.deepEqual(
    items.map(({ kind, artifactType, platforms }) => [kind, artifactType, platforms]),
    [["artifact", "application/vnd.example.sbom", []]],
  );
});

describe("what is wrong with one", () => {
  test("a configuration that is gone: its row says so, the others stand, exit 1", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) =>
      request.endsWith(old.config.digest) ? Promise.resolve(refuse(404, "BLOB_UNKNOWN", "gone")) : answer(),
    );
    const { items, exitCode, ok } = await list(registry, browse);
    assert.deepEqual([exitCode, ok, items.length], [1, false, 4]);
    const { tag, digest, created, error } = items.at(-1) ?? {};
    assert.deepEqual([tag, digest, created, error?.code], ["1.0", null, null, "CONTENT_BROKEN"]);
    assert.match(error?.message ?? "", /its configuration sha256:[0-9a-f]{64} is not there/);
  });

  test("a tag that goes while it is looked at is left out and named", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) =>
      request.endsWith("/manifests/2") ? Promise.resolve(refuse(404, "MANIFEST_UNKNOWN", "gone")) : answer(),
    );
    for (const run of ["first", "second"]) {
      const { items, missing, exitCode } = await list(registry, browse);
      assert.deepEqual([run, exitCode, missing], [run, 0, ["2"]]);
      assert.deepEqual(
        items.map(({ tag }) => tag),
        ["2.0", "latest", "1.0"],
      );
    }
  });

  test("a variant that the registry does not hold leaves size and time unknown", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) =>
      request.endsWith(amd.manifest.digest)
        ? Promise.resolve(refuse(404, "MANIFEST_UNKNOWN", "gone"))
        : answer(),
    );
    const { items, exitCode } = await list(registry, browse);
    const { size, created, platforms } = items.find(({ tag }) => tag === "2.0") ?? {};
    assert.deepEqual([exitCode, size, created, platforms?.length], [0, null, null, 2]);
  });
});

test("no such repository is an error, one without tags is not", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  await assert.rejects(list(registry, browse, { name: `${registry.host}/none` }), (error) =>
    isRegctlError(error, "NOT_FOUND"),
  );
  await assert.rejects(list(registry, browse, { name: `${registry.host}/app:1.0` }), (error) =>
    isRegctlError(error, "BAD_REFERENCE"),
  );
  await assert.rejects(list(registry, browse, { name: "app" }), (error) => isRegctlError(error, "USAGE"));
  const named = await list(registry, browse, { name: "app", registry: registry.host });
  assert.equal(named.items.length, 4);
});

test("a registry that refuses more ends the whole", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  registry.meet((request, answer) => {
    if (!request.includes("/manifests/")) return answer();
    const { headers, ...rest } = refuse(429, "TOOMANYREQUESTS", "slow down");
    return Promise.resolve({ ...rest, headers: { ...headers, "retry-after": "3600" } });
  });
  await assert.rejects(list(registry, browse), (error) => isRegctlError(error, "RATE_LIMITED"));
});

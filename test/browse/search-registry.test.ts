/** `search` on our own registry, made to refuse as others do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SearchInput, searchRegistry } from "../../src/browse/search-registry.ts";
import { isRegctlError } from "../../src/errors.ts";
import { refuse } from "../../src/server/response.ts";
import { amd64, type BrowseWorld, openBrowseWorld } from "../support/browse-world.ts";
import { makeImage, makeReferrer } from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";
import { startScriptedRegistry } from "../support/scripted-registry.ts";

const made = (created: string) => makeImage({ seed: created, created });
const january = made("2026-01-01T00:00:00Z");
const march = made("2026-03-01T00:00:00Z");
const may = made("2026-05-01T00:00:00Z");

/** The clock of the tests stands at the first of January 2026. */
const days = (count: number) => `${count}d`;

async function startFilled(): Promise<OddRegistry> {
  const registry = await startOddRegistry();
  const { host } = registry;
  await pushTree(host, "team/app", ["1.0", "latest"], january);
  await pushTree(host, "team/app", ["2.0"], march);
  await pushTree(host, "app-tools", ["nightly"], may);
  await pushTree(host, "other/thing", ["1.0"], january);
  await pushTree(host, "apple/empty", ["x"], january);
  await using opened = await openTestClient(host);
  await opened.client.deleteManifest("apple/empty", "x");
  registry.requests.length = 0;
  return registry;
}

async function search(
  { host, requests }: OddRegistry,
  { world }: BrowseWorld,
  input: Partial<SearchInput> = {},
) {
  requests.length = 0;
  const usual = { registry: host, tags: false, sort: "match", machine: amd64 } as const;
  const { document, exitCode } = await searchRegistry({ ...usual, ...input }, world);
  return { ...document, exitCode, names: document.items.map(({ name }) => name) };
}

const refused = (line: RegExp, status: number, code: Parameters<typeof refuse>[1]) => {
  const meet: Parameters<OddRegistry["meet"]>[0] = (request, answer) =>
    line.test(request) ? Promise.resolve(refuse(status, code, "not for you")) : answer();
  return meet;
};

test("names that fit, the best first, each with its newest tag", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const { items, names: _, ...rest } = await search(registry, browse, { term: "app" });
  assert.deepEqual(items, [
    {
      name: "team/app",
      tags: 3,
      detailed: true,
      newestTag: "2.0",
      updated: "2026-03-01T00:00:00.000Z",
      size: [march.config, ...march.layers].reduce((sum, { bytes }) => sum + bytes.length, 0),
      platforms: ["linux/amd64"],
      artifactType: null,
      matchingTags: [],
      closed: false,
    },
    {
      name: "app-tools",
      tags: 1,
      detailed: true,
      newestTag: "nightly",
      updated: "2026-05-01T00:00:00.000Z",
      size: [may.config, ...may.layers].reduce((sum, { bytes }) => sum + bytes.length, 0),
      platforms: ["linux/amd64"],
      artifactType: null,
      matchingTags: [],
      closed: false,
    },
  ]);
  assert.deepEqual(rest, {
    registry: registry.host,
    term: "app",
    from: "catalog",
    everyTag: false,
    hits: 2,
    // apple/empty fits, and has no tags.
    empty: 1,
    rows: 2,
    // Before it answers by HTTP it is asked by HTTPS.
    requests: registry.requests.length + 1,
    exitCode: 0,
  });
});

test("without a term everything, by name", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  assert.deepEqual((await search(registry, browse)).names, ["app-tools", "other/thing", "team/app"]);
});

test("no hit is no failure", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const { items, hits, exitCode } = await search(registry, browse, { term: "zzz" });
  assert.deepEqual([items, hits, exitCode], [[], 0, 0]);
});

test("a registry may stand before the term, or alone", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const { host } = registry;
  for (const [term, names] of [
    [`${host}/thing`, ["other/thing"]],
    [`${host}/`, ["app-tools", "other/thing", "team/app"]],
    [host, ["app-tools", "other/thing", "team/app"]],
  ] as const) {
    const found = await search(registry, browse, { term, registry: "elsewhere.test" });
    assert.deepEqual([found.names, found.registry], [names, host]);
  }
});

test("the second time no manifest is read again", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const first = await search(registry, browse, { term: "app" });
  const second = await search(registry, browse, { term: "app" });
  assert.deepEqual(second.items, first.items);
  const reads = registry.requests.filter((line) => /^GET .*\/(manifests|blobs)\//.test(line));
  assert.deepEqual(reads, []);
  assert.ok(registry.requests.includes("HEAD /v2/team/app/manifests/latest"));
});

describe("how much is looked at", () => {
  test("all hits are counted, the first 25 in detail", async () => {
    await using registry = await startOddRegistry();
    for (let n = 10; n < 40; n += 1) await pushTree(registry.host, `r${n}`, ["1"], january);
    await using browse = await openBrowseWorld();
    const { items, rows, hits } = await search(registry, browse);
    assert.deepEqual([items.length, rows, hits], [30, 25, 30]);
    assert.deepEqual(
      [items.filter(({ tags }) => tags === 1).length, items.filter(({ detailed }) => detailed).length],
      [30, 25],
    );
    assert.deepEqual([items[24]?.newestTag, items[25]?.newestTag, items[25]?.updated], ["1", null, null]);
  });

  test("who says how many they want does not wait for the rest", async () => {
    await using registry = await startOddRegistry();
    for (let n = 10; n < 60; n += 1) await pushTree(registry.host, `r${n}`, ["1"], january);
    await using browse = await openBrowseWorld();
    const { names, hits, rows } = await search(registry, browse, { limit: 2 });
    assert.deepEqual([names, rows, hits], [["r10", "r11"], 2, 50]);
    const lists = registry.requests.filter((line) => line.endsWith("/tags/list"));
    assert.ok(lists.length < 50, `${lists.length} lists`);
  });

  test("of many tags the twenty that are likely the newest; all of them to sort by time", async () => {
    await using registry = await startOddRegistry();
    const tags = Array.from({ length: 40 }, (_, n) => `1.${n}`);
    await pushTree(registry.host, "app", tags, january);
    // Not likely: neither latest nor a high version.
    await pushTree(registry.host, "app", ["0.1-hotfix"], may);
    await pushTree(
      registry.host,
      "app",
      [`${january.manifest.digest.replace(":", "-")}.sig`],
      makeReferrer(january.manifest),
    );
    await using browse = await openBrowseWorld();
    const likely = await search(registry, browse);
    const reads = registry.requests.filter((line) => line.includes("/manifests/"));
    assert.deepEqual([likely.items[0]?.newestTag, likely.items[0]?.tags, reads.length], ["1.39", 42, 20]);
    const every = await search(registry, browse, { sort: "updated" });
    assert.deepEqual([every.items[0]?.newestTag, every.everyTag], ["0.1-hotfix", true]);
    assert.ok(browse.told.some((event) => event.event === "note" && /every tag of 1 rep/.test(event.note)));
  });
});

test("--sort updated: the newest first; --since leaves out the older ones", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  const sorted = await search(registry, browse, { sort: "updated" });
  assert.deepEqual(sorted.names, ["app-tools", "team/app", "other/thing"]);
  const old = makeImage({ seed: "old", created: "2025-11-01T00:00:00Z" });
  await pushTree(registry.host, "old/one", ["1"], old);
  const since = (duration: string) => search(registry, browse, { since: duration });
  assert.deepEqual((await since(days(30))).names, ["app-tools", "other/thing", "team/app"]);
  assert.deepEqual((await since(days(90))).names, ["app-tools", "old/one", "other/thing", "team/app"]);
  await assert.rejects(since("30"), (error) => isRegctlError(error, "USAGE"));
});

test("--tags: by names first, then by tags, the very tag before a part of one", async () => {
  await using registry = await startFilled();
  await using browse = await openBrowseWorld();
  await pushTree(registry.host, "a/part", ["1.0.7"], january);
  await pushTree(registry.host, "v1.0/name", ["x"], january);
  const { items } = await search(registry, browse, { term: "1.0", tags: true });
  assert.deepEqual(
    items.map(({ name, matchingTags }) => [name, matchingTags]),
    [
      ["v1.0/name", []],
      ["other/thing", ["1.0"]],
      ["team/app", ["1.0"]],
      ["a/part", ["1.0.7"]],
    ],
  );
});

describe("repositories that are not for everybody", () => {
  test("a closed one is listed as such, and is no failure", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet(refused(/team\/app\/tags/, 403, "DENIED"));
    const { items, exitCode } = await search(registry, browse, { term: "app" });
    assert.deepEqual(
      items.map(({ name, tags, closed }) => [name, tags, closed]),
      [
        ["team/app", null, true],
        ["app-tools", 1, false],
      ],
    );
    assert.equal(exitCode, 0);
  });

  test("one that fails says why, the others stand, exit 1", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet(refused(/team\/app\/tags/, 418, "UNKNOWN"));
    const { items, exitCode, ok } = await search(registry, browse, { term: "app" });
    assert.deepEqual(
      [items[0]?.name, items[0]?.error?.code, items[1]?.newestTag],
      ["team/app", "REGISTRY_ERROR", "nightly"],
    );
    assert.deepEqual([exitCode, ok], [1, false]);
  });

  test("a broken tag does not hide the others of its repository", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet(refused(/manifests\/2\.0$/, 418, "UNKNOWN"));
    const { items, exitCode } = await search(registry, browse, { term: "team/app" });
    assert.deepEqual([items[0]?.newestTag, exitCode], ["1.0", 0]);
    registry.meet(refused(/manifests\//, 418, "UNKNOWN"));
    const none = await search(registry, browse, { term: "tools" });
    assert.deepEqual(
      [none.items[0]?.error?.code, none.items[0]?.tags, none.exitCode],
      ["REGISTRY_ERROR", 1, 1],
    );
  });
});

describe("registries that do not list their repositories", () => {
  test("are searched by their own search", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet(refused(/_catalog/, 404, "NOT_FOUND"));
    const { names, from } = await search(registry, browse, { term: "tools" });
    assert.deepEqual([names, from], [["app-tools"], "search"]);
    assert.ok(registry.requests.includes("GET /v1/search"));
  });

  test("say what was tried when they have none", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet(refused(/_catalog|v1\/search/, 404, "NOT_FOUND"));
    await assert.rejects(search(registry, browse, { term: "tools" }), (error) => {
      assert.ok(isRegctlError(error, "SEARCH_CLOSED"));
      assert.deepEqual(error.facts.tried, [
        "GET /v2/_catalog: not for you",
        "GET /v1/search: it offers no such search",
      ]);
      return true;
    });
  });

  test("want a login first, and say so", async () => {
    await using registry = await startFilled();
    await using browse = await openBrowseWorld();
    registry.meet((request, answer) => {
      if (!/_catalog|v1\/search/.test(request)) return answer();
      const { headers, ...rest } = refuse(401, "UNAUTHORIZED", "login");
      return Promise.resolve({ ...rest, headers: { ...headers, "www-authenticate": 'Basic realm="x"' } });
    });
    await assert.rejects(search(registry, browse), (error) => isRegctlError(error, "UNAUTHORIZED"));
  });

  test("of Docker Hub that is known without asking", async () => {
    await using browse = await openBrowseWorld();
    const input = { term: "docker.io/alpine", tags: false, sort: "match", machine: amd64 } as const;
    await assert.rejects(
      searchRegistry(input, browse.world),
      (error) =>
        isRegctlError(error, "SEARCH_CLOSED") && error.facts.elsewhere.includes("docker search TERM"),
    );
    assert.deepEqual(browse.told, []);
  });
});

test("a list that breaks off in the middle is no answer", async () => {
  await using registry = await startScriptedRegistry([
    { request: "GET /v2/", answer: {} },
    {
      request: "GET /v2/_catalog?n=1000",
      answer: { repositories: ["a"] },
      answerHeaders: { link: '</v2/_catalog?last=a>; rel="next"' },
    },
    { request: "GET /v2/_catalog?last=a", status: 418 },
  ]);
  await using browse = await openBrowseWorld();
  const input = { registry: registry.host, tags: false, sort: "match", machine: amd64 } as const;
  await assert.rejects(searchRegistry(input, browse.world), (error) =>
    isRegctlError(error, "REGISTRY_ERROR"),
  );
  registry.done();
});

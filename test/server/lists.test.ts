import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextPageOf } from "../../src/registry/link-header.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import type { RegistryOptions } from "../../src/server/registry.ts";
import { type Client, openRegistry } from "./registry-client.ts";
import { manifestOf } from "./storage-parts.ts";

const names = Array.from({ length: 25 }, (_, index) => `team-${String.fromCharCode(97 + index)}/app`);
const tags = Array.from({ length: 25 }, (_, index) => `v${String(index).padStart(2, "0")}`);

async function filled(options: Partial<RegistryOptions> = {}): Promise<Client> {
  const storage = createMemoryStorage();
  for (const name of names) await storage.putManifest(name, manifestOf(name));
  await storage.putManifest("tagged", manifestOf("tagged", { tags }));
  return openRegistry({ storage, ...options });
}

/** Follows the links to the end. */
async function walk(client: Client, first: string, field: "repositories" | "tags") {
  const pages: (readonly string[])[] = [];
  const base = "http://registry.test:5000";
  for (let target: string | null = first; target !== null; ) {
    const page = await client.send("GET", target);
    assert.equal(page.status, 200, page.text);
    const list = page.json as Readonly<Record<string, readonly string[]>>;
    pages.push(list[field] ?? []);
    assert.ok(pages.length < 100);
    const next = nextPageOf(page.headers.link, `${base}${target}`);
    target = next === null ? null : next.slice(base.length);
  }
  return pages;
}

const lists = [
  { path: "/v2/_catalog", field: "repositories", all: ["tagged", ...names].sort() },
  { path: "/v2/tagged/tags/list", field: "tags", all: tags },
] as const;

for (const { path, field, all } of lists) {
  describe(`the list of ${field}`, () => {
    it("comes whole, in order", async () => {
      const client = await filled();
      const got = await client.send("GET", path);
      assert.deepEqual(got.json, field === "tags" ? { name: "tagged", tags: all } : { repositories: all });
      assert.equal(got.headers["content-type"], "application/json");
      assert.equal(got.headers.link, undefined);
      const head = await client.send("HEAD", path);
      assert.deepEqual([head.status, head.headers], [200, got.headers]);
    });

    it("comes in pages that lead to each other", async () => {
      const client = await filled();
      for (const size of [1, 7, all.length - 1, all.length, all.length + 1]) {
        const pages = await walk(client, `${path}?n=${size}`, field);
        assert.deepEqual(pages.flat(), all);
        assert.equal(pages.length, Math.ceil(all.length / size));
      }
      const first = await client.send("GET", `${path}?n=2`);
      assert.equal(first.headers.link, `<${path}?last=${encodeURIComponent(all[1] ?? "")}&n=2>; rel="next"`);
    });

    it("begins behind a name, there or not", async () => {
      const client = await filled();
      const [from] = await walk(client, `${path}?last=${encodeURIComponent(all[3] ?? "")}`, field);
      assert.deepEqual(from, all.slice(4));
      assert.deepEqual(await walk(client, `${path}?last=zzz&n=5`, field), [[]]);
      assert.deepEqual(await walk(client, `${path}?last=%00%22%3E&n=1000`, field), [all]);
    });

    it("is empty for none, and leads nowhere", async () => {
      const got = await (await filled()).send("GET", `${path}?n=0`);
      assert.deepEqual((got.json as Record<string, unknown>)[field], []);
      assert.equal(got.headers.link, undefined);
    });

    it("refuses what is no number", async () => {
      const client = await filled();
      for (const n of ["-1", "abc", "1.5", "1e3", "0x10", "%20", "NaN"]) {
        const got = await client.send("GET", `${path}?n=${n}`);
        assert.deepEqual([n, got.status, got.codes], [n, 400, ["PAGINATION_NUMBER_INVALID"]]);
      }
    });

    it("gives at most a page of ours, and leads on", async () => {
      const client = await filled({ limits: { page: 3, longestPage: 10 } });
      const [first] = await walk(client, `${path}?n=99999999999999999999`, field);
      assert.equal(first?.length, 10);
      const pages = await walk(client, path, field);
      assert.deepEqual(pages.flat(), all);
      // Whoever asks for tags without a number may know of no pages.
      assert.equal(pages[0]?.length, field === "tags" ? 10 : 3);
    });
  });
}

describe("tags", () => {
  it("of a repository that is not there are unknown", async () => {
    const client = await filled();
    for (const method of ["GET", "HEAD"]) {
      const got = await client.send(method, "/v2/no/such/tags/list");
      assert.deepEqual([got.status, got.codes], [404, ["NAME_UNKNOWN"]]);
    }
  });

  it("of a repository without any are an empty list", async () => {
    const got = await (await filled()).send("GET", `/v2/${names[0]}/tags/list`);
    assert.deepEqual(got.json, { name: names[0], tags: [] });
  });
});

describe("docker search", () => {
  it("asks whether there is a registry", async () => {
    const got = await openRegistry().send("GET", "/v1/_ping");
    assert.deepEqual([got.status, got.json], [200, {}]);
    assert.equal(got.headers["x-docker-registry-standalone"], "true");
  });

  it("finds repositories by a part of their name, as engines read it", async () => {
    const headers = { "x-docker-token": "true", "user-agent": "docker/28.2.2 go/go1.23 os/linux arch/amd64" };
    const got = await (await filled()).send("GET", "/v1/search?q=TEAM-b&n=25", { headers });
    assert.deepEqual(got.json, {
      query: "TEAM-b",
      num_results: 1,
      results: [
        { name: "team-b/app", description: "", star_count: 0, is_official: false, is_automated: false },
      ],
    });
  });

  it("takes 25 when it names no number, and 100 at most", async () => {
    const storage = createMemoryStorage();
    for (let index = 0; index < 120; index += 1) {
      await storage.putManifest(`r${index}`, manifestOf(String(index)));
    }
    const client = openRegistry({ storage });
    for (const [query, results] of [
      ["", 25],
      ["?q=", 25],
      ["?q=r&n=7", 7],
      ["?q=r&n=1000", 100],
      ["?q=r&n=abc", 25],
      ["?q=r&n=-5", 25],
      ["?q=%25&n=5", 0],
    ] as const) {
      const found = (await client.send("GET", `/v1/search${query}`)).json;
      assert.ok(typeof found === "object" && found !== null && "results" in found && "num_results" in found);
      assert.ok(Array.isArray(found.results));
      assert.deepEqual([query, found.results.length], [query, results]);
      assert.equal(found.num_results, results === 0 ? 0 : 120);
    }
  });
});

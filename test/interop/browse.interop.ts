/** `tags`, `inspect`, `search`, `delete` on registries that people run. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import { startDistribution } from "../support/start-distribution.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { withoutGo } from "./peers.ts";
import { type PeerRegistry, registryNames, startPeerRegistry } from "./registries.ts";

const single = makeImage({ seed: "single", created: "2026-01-02T03:04:05Z", labels: { who: "us" } });
const many = makeIndex([makeImage({ seed: "a" }), makeImage({ seed: "b", platform: "linux/arm64" })]);

for (const name of registryNames) {
  describe(`on ${name}`, { skip: withoutGo }, () => {
    let registry: PeerRegistry;
    let cli: TestCli;
    before(async () => {
      [registry, cli] = await Promise.all([startPeerRegistry(name), openCli()]);
      await pushTree(registry.host, "team/app", ["1.0", "1.0.0", "latest"], single);
      await pushTree(registry.host, "team/app", ["2.0"], many);
      await pushTree(registry.host, "other", ["x"], single);
    });
    after(async () => {
      await registry?.[Symbol.asyncDispose]();
      await cli?.[Symbol.asyncDispose]();
    });

    it("tags: digests, dates, platforms", async () => {
      const items = itemsOf(await cli.document("tags", `${registry.host}/team/app`));
      const of = (tag: string) => items.find((item) => item.tag === tag);
      assert.deepEqual(items.map(({ tag }) => tag).sort(), ["1.0", "1.0.0", "2.0", "latest"]);
      assert.equal(of("1.0")?.digest, single.manifest.digest);
      assert.equal(of("2.0")?.digest, many.manifest.digest);
      assert.deepEqual(of("2.0")?.platforms, ["linux/amd64", "linux/arm64"]);
      assert.equal(Date.parse(String(of("1.0")?.created)), Date.parse("2026-01-02T03:04:05Z"));
    });

    it("inspect: the tree as it was pushed", async () => {
      const found = await cli.document("inspect", `${registry.host}/team/app:1.0`);
      assert.equal(found.digest, single.manifest.digest);
      assert.ok(JSON.stringify(found).includes('"who":"us"'));
      for (const { digest } of single.layers) assert.ok(JSON.stringify(found).includes(digest));
      const raw = await cli.run(["inspect", "--raw", `${registry.host}/team/app:2.0`]);
      assert.equal(raw.stdout, many.manifest.bytes.toString());
    });

    it("search: by a part of a name", async () => {
      if (name === "olareg") {
        // It has no catalog and says so.
        const words = ["search", "ap", "--registry", registry.host];
        assert.deepEqual(await cli.failure(...words), [1, "SEARCH_CLOSED"]);
        return;
      }
      const items = itemsOf(await cli.document("search", "ap", "--registry", registry.host));
      assert.deepEqual(
        items.map((item) => [item.name, item.tags]),
        [["team/app", 4]],
      );
      const all = itemsOf(await cli.document("search", "--registry", registry.host));
      assert.deepEqual(all.map((item) => item.name).sort(), ["other", "team/app"]);
    });

    it("delete: one tag, and its siblings stay", async () => {
      const before = await digestAt(registry.host, "team/app", "1.0.0");
      await cli.document("delete", `${registry.host}/team/app:1.0`);
      assert.equal(await digestAt(registry.host, "team/app", "1.0"), null);
      assert.equal(await digestAt(registry.host, "team/app", "1.0.0"), before);
      assert.equal(await digestAt(registry.host, "team/app", "latest"), before);
      assert.deepEqual(await cli.failure("delete", `${registry.host}/team/app:1.0`), [5, "NOT_FOUND"]);
    });

    it("delete --digest: the manifest, with every tag of it", async () => {
      const reference = `${registry.host}/team/app@${single.manifest.digest}`;
      await cli.document("delete", "--digest", "--yes", reference);
      for (const tag of ["1.0.0", "latest"]) {
        assert.equal(await digestAt(registry.host, "team/app", tag), null);
      }
      assert.equal(await digestAt(registry.host, "team/app", "2.0"), many.manifest.digest);
      assert.equal(await digestAt(registry.host, "other", "x"), single.manifest.digest);
    });
  });
}

describe("where deletion is switched off", { skip: withoutGo }, () => {
  it("a manifest stays, exit 3; Distribution 3 lets tags go all the same", async () => {
    await using registry = await startDistribution({ deletes: false });
    await using cli = await openCli();
    await pushTree(registry.host, "app", ["1", "2"], single);
    const digest = `${registry.host}/app@${single.manifest.digest}`;
    assert.deepEqual(await cli.failure("delete", "--digest", "--yes", digest), [3, "DELETE_OFF"]);
    for (const tag of ["1", "2"]) {
      assert.equal(await digestAt(registry.host, "app", tag), single.manifest.digest);
    }
    await cli.document("delete", `${registry.host}/app:1`);
    assert.equal(await digestAt(registry.host, "app", "1"), null);
    assert.equal(await digestAt(registry.host, "app", "2"), single.manifest.digest);
  });
});

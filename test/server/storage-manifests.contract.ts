/** The part of the storages' contract that is about manifests, tags and lists. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { computeDigest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import type { Storage } from "../../src/server/storage.ts";
import { manifestOf, none, putBlob, type Using } from "./storage-parts.ts";

const all = { limit: 1000 };

export function manifests(using: Using): void {
  it("are found by digest and by each tag, byte for byte", async () => {
    await using(async (storage) => {
      const mediaType = mediaTypes.dockerManifest;
      const manifest = manifestOf("one", { tags: ["v1", "latest"], mediaType });
      await storage.putManifest("team/app", manifest);
      for (const key of [manifest.digest, "v1", "latest"]) {
        const found = await storage.getManifest("team/app", key);
        assert.deepEqual(found?.bytes, manifest.bytes);
        assert.equal(found?.mediaType, mediaType);
        assert.equal(found?.digest, manifest.digest);
      }
      assert.equal(await storage.getManifest("team/app", "v2"), null);
      assert.equal(await storage.getManifest("team", "v1"), null);
      assert.equal(await storage.getManifest("team/app", none), null);
    });
  });

  it("may have no tag, and a digest of sha512", async () => {
    await using(async (storage) => {
      const bytes = Buffer.from('{"schemaVersion":2}');
      const digest = computeDigest(bytes, "sha512");
      await storage.putManifest("a", manifestOf("x", { bytes, digest }));
      assert.equal((await storage.getManifest("a", digest))?.digest, digest);
      assert.equal(await storage.getManifest("a", computeDigest(bytes)), null);
      assert.deepEqual(await storage.tags("a", all), { entries: [], more: false });
      assert.deepEqual(await storage.repositories(all), { entries: ["a"], more: false });
    });
  });

  it("pushed again under another type are served under it", async () => {
    await using(async (storage) => {
      await storage.putManifest("a", manifestOf("x", { mediaType: mediaTypes.ociManifest, tags: ["v1"] }));
      await storage.putManifest("a", manifestOf("x", { mediaType: mediaTypes.dockerManifest, tags: ["v2"] }));
      assert.equal((await storage.getManifest("a", "v1"))?.mediaType, mediaTypes.dockerManifest);
      assert.deepEqual((await storage.tags("a", all))?.entries, ["v1", "v2"]);
    });
  });

  it("a tag moves, and what it pointed to stays", async () => {
    await using(async (storage) => {
      const [one, two] = [
        manifestOf("one", { tags: ["v1", "latest"] }),
        manifestOf("two", { tags: ["latest"] }),
      ];
      await storage.putManifest("a", one);
      await storage.putManifest("a", two);
      assert.equal((await storage.getManifest("a", "latest"))?.digest, two.digest);
      assert.equal((await storage.getManifest("a", "v1"))?.digest, one.digest);
      await storage.putManifest("a", one);
      assert.equal((await storage.getManifest("a", "latest"))?.digest, one.digest);
      assert.equal((await storage.getManifest("a", two.digest))?.digest, two.digest);
    });
  });

  it("a tag is deleted alone", async () => {
    await using(async (storage) => {
      const manifest = manifestOf("one", { tags: ["v1", "latest"] });
      await storage.putManifest("a", manifest);
      assert.equal(await storage.deleteTag("a", "latest"), true);
      assert.equal(await storage.deleteTag("a", "latest"), false);
      assert.equal(await storage.getManifest("a", "latest"), null);
      assert.equal((await storage.getManifest("a", "v1"))?.digest, manifest.digest);
      assert.equal(await storage.deleteTag("a", "v1"), true);
      assert.equal((await storage.getManifest("a", manifest.digest))?.digest, manifest.digest);
      assert.deepEqual(await storage.tags("a", all), { entries: [], more: false });
    });
  });

  it("are deleted with all their tags, in this repository alone", async () => {
    await using(async (storage) => {
      const manifest = manifestOf("one", { tags: ["v1", "latest"] });
      const other = manifestOf("two", { tags: ["v2"] });
      await storage.putManifest("a", manifest);
      await storage.putManifest("a", other);
      await storage.putManifest("b", manifest);
      assert.equal(await storage.deleteManifest("a", manifest.digest), true);
      assert.equal(await storage.deleteManifest("a", manifest.digest), false);
      for (const key of [manifest.digest, "v1", "latest"])
        assert.equal(await storage.getManifest("a", key), null);
      assert.deepEqual((await storage.tags("a", all))?.entries, ["v2"]);
      assert.equal((await storage.getManifest("b", "latest"))?.digest, manifest.digest);
    });
  });

  it("make a repository, and the last one takes it along", async () => {
    await using(async (storage) => {
      const manifest = manifestOf("one", { tags: ["v1"] });
      await putBlob(storage, "a", "a blob alone makes no repository");
      assert.equal(await storage.tags("a", all), null);
      await storage.putManifest("a", manifest);
      assert.deepEqual(await storage.repositories(all), { entries: ["a"], more: false });
      await storage.deleteManifest("a", manifest.digest);
      assert.deepEqual(await storage.repositories(all), { entries: [], more: false });
      assert.deepEqual(await storage.searchRepositories("", 10), { names: [], total: 0 });
      assert.equal(await storage.tags("a", all), null);
    });
  });
}

export function referrers(using: Using): void {
  it("are listed by subject, in the order of their digests, with what the list shows", async () => {
    await using(async (storage) => {
      const subject = manifestOf("subject");
      const bare = manifestOf("bare", { subject: subject.digest, mediaType: mediaTypes.ociIndex });
      const full = manifestOf("full", {
        subject: subject.digest,
        artifactType: "application/vnd.example.sbom",
        annotations: { "org.example": "ü \u2028" },
        tags: ["sbom"],
      });
      await storage.putManifest("a", full);
      await storage.putManifest("a", bare);
      await storage.putManifest("a", subject);
      await storage.putManifest("a", manifestOf("of another", { subject: none }));
      const shownBare = { mediaType: mediaTypes.ociIndex, digest: bare.digest, size: bare.bytes.length };
      const shownFull = {
        mediaType: mediaTypes.ociManifest,
        digest: full.digest,
        size: full.bytes.length,
        artifactType: full.artifactType,
        annotations: full.annotations,
      };
      const expected = [shownBare, shownFull].sort((one, other) => (one.digest < other.digest ? -1 : 1));
      assert.deepEqual(await storage.referrers("a", subject.digest), expected);
      assert.deepEqual(await storage.referrers("b", subject.digest), []);
    });
  });

  it("come before their subject, outlive it and go when they are deleted", async () => {
    await using(async (storage) => {
      const subject = manifestOf("subject");
      const one = manifestOf("one", { subject: subject.digest });
      await storage.putManifest("a", one);
      await storage.putManifest("a", one);
      assert.equal((await storage.referrers("a", subject.digest)).length, 1);
      await storage.putManifest("a", subject);
      await storage.deleteManifest("a", subject.digest);
      assert.equal((await storage.referrers("a", subject.digest)).length, 1);
      await storage.deleteManifest("a", one.digest);
      assert.deepEqual(await storage.referrers("a", subject.digest), []);
    });
  });
}

export function lists(using: Using): void {
  it("of tags come in pages, in the order of bytes", async () => {
    await using(async (storage) => {
      const tags = ["B", "_", "a", "a.b", "a-b", "aB", "b", "0", "10", "9"];
      await storage.putManifest("a", manifestOf("one", { tags }));
      const sorted = [...tags].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      assert.deepEqual(await storage.tags("a", { limit: 10 }), { entries: sorted, more: false });
      assert.deepEqual(await storage.tags("a", { limit: 9 }), { entries: sorted.slice(0, 9), more: true });
      assert.deepEqual(await walk((page) => storage.tags("a", page), 3), sorted);
      assert.deepEqual((await storage.tags("a", { limit: 3, after: "A" }))?.entries, ["B", "_", "a"]);
      assert.deepEqual(await storage.tags("a", { limit: 3, after: "zzz" }), { entries: [], more: false });
      assert.deepEqual((await storage.tags("a", { limit: 0 }))?.entries, []);
    });
  });

  it("of repositories come in pages, in the order of bytes", async () => {
    await using(async (storage) => {
      // A hyphen and a dot stand before the slash, a letter behind it: folders are no order.
      const names = ["a/b", "a-b", "a", "a.b", "a/b/c", "ab", "b/a", "a0"];
      for (const name of names) await storage.putManifest(name, manifestOf(name));
      const sorted = [...names].sort();
      assert.deepEqual(await storage.repositories({ limit: 8 }), { entries: sorted, more: false });
      assert.deepEqual(await walk((page) => storage.repositories(page), 3), sorted);
      assert.deepEqual((await storage.repositories({ limit: 2, after: "a/a" })).entries, ["a/b", "a/b/c"]);
      assert.deepEqual(await storage.repositories({ limit: 2, after: "z" }), { entries: [], more: false });
    });
  });

  it("of repositories are searched by a part of the name", async () => {
    await using(async (storage) => {
      for (const name of ["team/app", "team/web", "app", "apple/pie"]) {
        await storage.putManifest(name, manifestOf(name));
      }
      const found = await storage.searchRepositories("app", 10);
      assert.deepEqual([...found.names].sort(), ["app", "apple/pie", "team/app"]);
      assert.equal(found.total, 3);
      assert.equal((await storage.searchRepositories("m/a", 10)).total, 1);
      assert.equal((await storage.searchRepositories("", 10)).total, 4);
      assert.equal((await storage.searchRepositories("[", 10)).total, 0);
      assert.equal((await storage.searchRepositories("p\nt", 10)).total, 0);
      const few = await storage.searchRepositories("app", 2);
      assert.deepEqual([few.names.length, few.total], [2, 3]);
    });
  });
}

type Page = Awaited<ReturnType<Storage["tags"]>>;

/** All entries, page by page. */
async function walk(
  ask: (page: { limit: number; after?: string }) => Promise<Page>,
  limit: number,
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let more = true; more; ) {
    const last = seen.at(-1);
    const page = await ask(last === undefined ? { limit } : { limit, after: last });
    assert.ok(page !== null && page.entries.length <= limit);
    seen.push(...page.entries);
    more = page.more;
  }
  return seen;
}

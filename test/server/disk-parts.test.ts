/** The pure parts of the storage on disk, and those that only wait. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/registry/digest.ts";
import { createCatalog } from "../../src/server/disk/catalog.ts";
import { createGate, createShared, createTurns } from "../../src/server/disk/in-turn.ts";
import { emptyIndex, parseIndex, renderIndex, withManifest } from "../../src/server/disk/index-text.ts";
import { digestsIn } from "../../src/server/disk/references.ts";

describe("the list of a repository", () => {
  const entry = (text: string) => ({
    mediaType: `type "${text}"`,
    digest: computeDigest(text),
    size: text.length,
    subject: text === "said" ? computeDigest("one") : null,
    artifactType: text === "said" ? "application/x" : null,
    annotations: text === "said" ? { "org.opencontainers.image.ref.name": "no tag of ours" } : {},
  });

  test("is read as it was written, whatever annotations say", () => {
    let index = withManifest(emptyIndex, entry("one"), ["a", "b"]);
    index = withManifest(index, entry("said"), []);
    index = withManifest(index, entry("two"), ["b"]);
    const read = parseIndex(renderIndex(index));
    assert.ok(typeof read !== "string");
    assert.deepEqual(new Map([...read.tags].sort()), new Map([...index.tags].sort()));
    const byDigest = (from: typeof read) => [...from.manifests].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(byDigest(read), byDigest(index));
  });

  test("that is none says what is wrong", () => {
    for (const text of ["", "[]", "{}", '{"manifests":[{}]}', '{"manifests":{}}']) {
      assert.equal(typeof parseIndex(Buffer.from(text)), "string", text);
    }
  });
});

describe("digests in a manifest", () => {
  test("are found wherever they stand, however deep", () => {
    const [one, two] = [computeDigest("1"), computeDigest("2", "sha512")];
    const depth = 200_000;
    const deep = `${"[".repeat(depth)}"${two}"${"]".repeat(depth)}`;
    const bytes = Buffer.from(`{"blobs":[{"digest":"${one}"}],"text":"see ${one}x","deep":${deep}}`);
    assert.deepEqual([...(digestsIn(bytes) ?? [])].sort(), [one, two].sort());
    assert.equal(digestsIn(Buffer.from("no JSON")), null);
  });
});

describe("the catalog", () => {
  test("keeps its order, and forgets searches when a name comes or goes", () => {
    const names = fc.array(fc.stringMatching(/^[a-c/-]{1,4}$/), { maxLength: 20 });
    fc.assert(
      fc.property(names, names, (first, second) => {
        const catalog = createCatalog([...new Set(first)]);
        const model = new Set(first);
        for (const name of second) {
          catalog.search("a", 100);
          const listed = !model.has(name);
          catalog.set(name, listed);
          if (listed) model.add(name);
          else model.delete(name);
        }
        const sorted = [...model].sort();
        assert.deepEqual(catalog.page({ limit: 100 }).entries, sorted);
        const found = sorted.filter((name) => name.includes("a"));
        assert.deepEqual(catalog.search("a", 100), { names: found, total: found.length });
      }),
    );
  });
});

describe("waiting", () => {
  test("is in turn for one key, and goes on after a failure", async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const slow = Promise.withResolvers<void>();
    const first = turns.run("a", async () => {
      await slow.promise;
      seen.push("first");
      throw new Error("failed");
    });
    const second = turns.run("a", async () => seen.push("second"));
    await turns.run("b", async () => seen.push("other"));
    slow.resolve();
    await assert.rejects(first, /failed/);
    await second;
    assert.deepEqual(seen, ["other", "first", "second"]);
  });

  test("is for a free place, and those in the background take the last one from nobody", async () => {
    const gate = createGate(2);
    const held = Promise.withResolvers<void>();
    const first = gate.run(() => held.promise);
    assert.equal(
      gate.runIfIdle(async () => {}),
      null,
    );
    let third = false;
    const second = gate.run(() => held.promise);
    const waits = gate.run(async () => {
      third = true;
    });
    await Promise.resolve();
    assert.equal(third, false);
    held.resolve();
    await Promise.all([first, second, waits]);
    assert.equal(third, true);
  });

  test("is shared by all who ask while an effort is under way: the next one is theirs", async () => {
    const efforts: PromiseWithResolvers<void>[] = [];
    const share = createShared(() => {
      const effort = Promise.withResolvers<void>();
      efforts.push(effort);
      return effort.promise;
    });
    const first = share("a");
    const others = [share("a"), share("a"), share("a")];
    assert.equal(efforts.length, 1);
    efforts[0]?.reject(new Error("failed"));
    await assert.rejects(first, /failed/);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(efforts.length, 2);
    efforts[1]?.resolve();
    await Promise.all(others);
  });
});

/** Copies between real registries: what travels, in which order, and what is told of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import { linesOf, openCopyWorld } from "../support/copy-world.ts";
import {
  joinTrees,
  type MadeTree,
  makeAttestation,
  makeBytes,
  makeContent,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from "../support/image-maker.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";

const amd = makeImage({ seed: "amd" });
const arm = makeImage({
  seed: "arm",
  platform: "linux/arm64",
  layers: [...amd.layers.slice(0, 1).map(({ bytes }) => bytes), 500],
});
const index = makeIndex([amd, arm], { attestations: [makeAttestation(amd)] });
const sizeOf = (tree: { readonly blobs: ReadonlyMap<string, Buffer> }) =>
  [...tree.blobs.values()].reduce((sum, bytes) => sum + bytes.length, 0);

const fails = (code: ErrorCode) => (error: unknown) => isRegctlError(error, code);

describe("an image of many platforms", () => {
  test("arrives whole, each blob once, children before parents, the tag last", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    const { document, exitCode } = await world.copy();
    const [item] = document.items;
    assert.ok(item !== undefined);
    const { seconds, ...rest } = item;
    assert.ok(seconds >= 0 && exitCode === 0);
    assert.deepEqual(rest, {
      source: `${world.source.host}/app:1`,
      destination: `${world.target.host}/copy:1`,
      digest: index.manifest.digest,
      pull: `${world.target.host}/copy@${index.manifest.digest}`,
      bytesMoved: sizeOf(index),
      bytesReused: 0,
      blobs: { moved: index.blobs.size, reused: 0, mounted: 0 },
      manifests: 4,
      referrers: 0,
      replaced: null,
      changed: true,
      leftOut: [],
    });
    await assertTree(world.to, "copy", "1", index);
    assert.equal(linesOf(world.source, /^GET .*\/blobs\//).length, index.blobs.size);
    const puts = linesOf(world.target, /^PUT/);
    assert.equal(puts.at(-1), "PUT /v2/copy/manifests/1");
    assert.ok(puts.slice(index.blobs.size).every((line) => line.includes("/manifests/")));
  });

  test("a second time nothing travels", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    await world.copy();
    const before = world.target.requests.length;
    const { document } = await world.copy();
    const [item] = document.items;
    assert.deepEqual([item?.changed, item?.bytesMoved, item?.bytesReused], [false, 0, sizeOf(index)]);
    assert.deepEqual(
      world.target.requests.slice(before).map(({ method }) => method),
      ["GET", "HEAD"].filter(
        (method) => method === "HEAD" || world.target.requests[before]?.method === "GET",
      ),
    );
  });

  test("only what is missing travels, and the tag that moved is told", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    await pushTree(world.to, "copy", ["1"], amd);
    const { document } = await world.copy();
    const [item] = document.items;
    assert.equal(item?.replaced, amd.manifest.digest);
    assert.deepEqual([item.bytesMoved, item.bytesReused], [sizeOf(index) - sizeOf(amd), sizeOf(amd)]);
    await assertTree(world.to, "copy", "1", index);
  });

  test("--platform takes one image out, by its own digest", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    const { document } = await world.copy({ platform: "linux/arm64" });
    assert.equal(document.items[0]?.digest, arm.manifest.digest);
    await assertTree(world.to, "copy", "1", arm);
    await assert.rejects(world.copy({ platform: "linux/s390x" }), (error) => {
      assert.ok(isRegctlError(error, "PLATFORM_MISSING"));
      assert.deepEqual(error.facts.available, ["linux/amd64", "linux/arm64"]);
      return true;
    });
  });

  test("--platform of a single image is what its configuration says", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], arm);
    await assert.rejects(world.copy({ platform: "linux/amd64" }), fails("PLATFORM_MISSING"));
    await world.copy({ platform: "linux/arm64" });
    await assertTree(world.to, "copy", "1", arm);
  });

  test("--dry-run says what would travel, and changes nothing", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    await pushTree(world.to, "copy", ["0"], amd);
    const { document } = await world.copy({ dryRun: true });
    assert.equal(document.dryRun, true);
    assert.equal(document.items[0]?.bytesMoved, sizeOf(index) - sizeOf(amd));
    assert.deepEqual(linesOf(world.target, /^(POST|PUT|PATCH|DELETE)/), []);
    assert.equal(await digestAt(world.to, "copy", "1"), null);
  });

  test("indexes within indexes go as they are, but not without end", async () => {
    await using world = await openCopyWorld();
    const wrap = (tree: typeof index) =>
      joinTrees(
        makeContent(
          Buffer.from(
            JSON.stringify({
              schemaVersion: 2,
              mediaType: mediaTypes.ociIndex,
              manifests: [tree.manifest.descriptor],
            }),
          ),
          mediaTypes.ociIndex,
        ),
        [tree],
      );
    const nested = wrap(index);
    await pushTree(world.from, "app", ["1"], nested);
    await pushTree(world.from, "app", ["deep"], wrap(wrap(nested)));
    await world.copy();
    await assertTree(world.to, "copy", "1", nested);
    const source = `${world.source.host}/app:deep`;
    await assert.rejects(world.copy({ source }), fails("CONTENT_BROKEN"));
  });
});

describe("names and digests", () => {
  test("by digest alone nothing is tagged", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], amd);
    const { document } = await world.copy({
      source: `${world.source.host}/app@${amd.manifest.digest}`,
      destination: `${world.target.host}/copy`,
    });
    assert.equal(document.items[0]?.destination, `${world.target.host}/copy@${amd.manifest.digest}`);
    await assertTree(world.to, "copy", amd.manifest.digest, amd);
    assert.equal(await digestAt(world.to, "copy", "latest"), null);
  });

  test("another tag of the same repository: no blob is asked for", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    const { document } = await world.copy({ destination: `${world.source.host}/app:2` });
    assert.deepEqual([document.items[0]?.bytesMoved, document.items[0]?.changed], [0, true]);
    assert.deepEqual(linesOf(world.source, /blobs/), []);
    assert.equal(await digestAt(world.from, "app", "2"), index.manifest.digest);
  });

  test("within a registry blobs are linked, not asked for first and not sent", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    const { document } = await world.copy({ destination: `${world.source.host}/other:1` });
    assert.deepEqual(document.items[0]?.blobs, { moved: 0, reused: 0, mounted: index.blobs.size });
    assert.deepEqual([document.items[0].bytesMoved, document.items[0].bytesReused], [0, sizeOf(index)]);
    assert.deepEqual(linesOf(world.source, /^(GET|HEAD|PATCH|PUT) .*blobs/), []);
    await assertTree(world.from, "other", "1", index);
  });

  test("what does not let itself be linked is sent", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], amd);
    world.source.set({ method: "POST", path: /mount=/, times: 1, fault: { kind: "status", status: 403 } });
    const { document } = await world.copy({ destination: `${world.source.host}/other:1` });
    assert.deepEqual(document.items[0]?.blobs, { moved: 1, reused: 0, mounted: amd.blobs.size - 1 });
    await assertTree(world.from, "other", "1", amd);
  });

  test("what is not there is said so, and nothing is left behind", async () => {
    await using world = await openCopyWorld();
    await assert.rejects(world.copy(), fails("NOT_FOUND"));
    assert.deepEqual(linesOf(world.target, /^(POST|PUT|PATCH)/), []);
  });
});

describe("what is no ordinary layer", () => {
  test("content that stands in its descriptor is not fetched", async () => {
    await using world = await openCopyWorld();
    const empty = { ...makeContent(Buffer.from("{}"), mediaTypes.ociEmpty).descriptor, data: "e30=" };
    const layer = makeContent(makeBytes(100, "x"), "application/x");
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: empty,
        layers: [layer.descriptor],
      }),
    );
    const manifest = makeContent(bytes, mediaTypes.ociManifest);
    const blobs = new Map([
      [empty.digest, Buffer.from("{}")],
      [layer.digest, layer.bytes],
    ]);
    const tree = { manifest, manifests: new Map([[manifest.digest, manifest]]), blobs };
    await pushTree(world.from, "app", ["1"], tree);
    await world.copy();
    await assertTree(world.to, "copy", "1", tree);
    assert.deepEqual(linesOf(world.source, new RegExp(`GET .*${empty.digest}`)), []);
  });

  test("schema 1 is refused in a sentence", async () => {
    await using world = await openCopyWorld();
    const body = JSON.stringify({
      schemaVersion: 1,
      name: "app",
      tag: "1",
      architecture: "amd64",
      fsLayers: [],
      history: [],
    });
    const headers = { "content-type": mediaTypes.dockerSchema1 };
    world.source.set({ path: /manifests/, fault: { kind: "status", status: 200, headers, body } });
    await assert.rejects(world.copy(), (error) => {
      assert.ok(isRegctlError(error, "CONTENT_BROKEN"));
      assert.match(error.facts.problem, /schema 1/);
      return true;
    });
  });
});

describe("--referrers", () => {
  const sbom = makeReferrer(amd.manifest);
  const signature = makeReferrer(sbom.manifest, {
    artifactType: "application/vnd.example.signature",
    seed: "s",
  });

  test("go with it, those of its platforms and of referrers too", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    for (const tree of [sbom, signature]) await pushTree(world.from, "app", [], tree);
    const { document } = await world.copy({ referrers: true });
    assert.equal(document.items[0]?.referrers, 2);
    await using opened = await openTestClient(world.to);
    const { descriptors } = await opened.client.listReferrers("copy", amd.manifest.digest);
    assert.deepEqual(
      descriptors.map(({ digest }) => digest),
      [sbom.manifest.digest],
    );
    await assertTree(world.to, "copy", signature.manifest.digest, signature);
  });

  test("what cosign keeps under tags goes along, that of platforms and of its own too; without the flag it stays", async () => {
    await using world = await openCopyWorld();
    const tagOf = ({ manifest }: MadeTree, ending: string) =>
      `${manifest.digest.replace(":", "-")}.${ending}`;
    const [sig, att, bom, bomSig] = ["sig", "att", "bom", "bom sig"].map(makeCosignSignature);
    assert.ok(sig && att && bom && bomSig);
    const beside = [
      [tagOf(index, "sig"), sig],
      [tagOf(amd, "att"), att],
      [tagOf(amd, "sbom"), bom],
      [tagOf(bom, "sig"), bomSig],
    ] as const;
    await pushTree(world.from, "app", ["1"], index);
    for (const [tag, tree] of beside) await pushTree(world.from, "app", [tag], tree);
    await world.copy();
    for (const [tag] of beside) assert.equal(await digestAt(world.to, "copy", tag), null);
    const { document } = await world.copy({ referrers: true });
    assert.equal(document.items[0]?.referrers, 4);
    for (const [tag, tree] of beside) await assertTree(world.to, "copy", tag, tree);
    const all = {
      source: `${world.source.host}/app`,
      destination: `${world.target.host}/all`,
      allTags: true,
    };
    const { document: every } = await world.copy({ ...all, referrers: true });
    assert.equal(every.items.length, 1);
    for (const [tag, tree] of beside) await assertTree(world.to, "all", tag, tree);
  });

  test("to a registry that keeps no list, the list under the tag is joined", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], amd);
    await pushTree(world.from, "app", [], sbom);
    await pushTree(world.to, "copy", [], sbom);
    // A registry without referrers says nothing of a subject; this one's word is hidden.
    const tag = `sha256-${amd.manifest.digest.slice("sha256:".length)}`;
    const put = { method: "PUT", path: new RegExp(`/manifests/${sbom.manifest.digest}`) };
    world.target.set({ ...put, fault: { kind: "status", status: 201 } });
    await world.copy({ referrers: true });
    await using opened = await openTestClient(world.to);
    const list = JSON.parse((await opened.client.getManifest("copy", tag)).bytes.toString());
    assert.deepEqual(
      list.manifests.map((entry: { digest: string; artifactType: string }) => [
        entry.digest,
        entry.artifactType,
      ]),
      [[sbom.manifest.digest, "application/vnd.example.sbom"]],
    );
  });
});

describe("--all-tags", () => {
  test("every tag, what they share once; one that fails stops no other", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1", "1.0"], amd);
    await pushTree(world.from, "app", ["2"], index);
    await pushTree(world.from, "app", ["3"], makeImage({ seed: "three" }));
    world.source.set({ path: /manifests\/3$/, times: 9, fault: { kind: "status", status: 404 } });
    const repositories = {
      source: `${world.source.host}/app`,
      destination: `${world.target.host}/copy`,
      allTags: true,
    };
    const { document, exitCode } = await world.copy(repositories);
    assert.deepEqual(
      document.items.map(({ source, error }) => [source.split(":").at(-1), error?.code]),
      [
        ["1", undefined],
        ["1.0", undefined],
        ["2", undefined],
        ["3", "NOT_FOUND"],
      ],
    );
    assert.deepEqual([document.ok, exitCode], [false, 5]);
    assert.equal(
      document.items.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0),
      sizeOf(index),
    );
    assert.equal(linesOf(world.source, /^GET .*\/blobs\//).length, index.blobs.size);
    await assertTree(world.to, "copy", "1.0", amd);
    await assertTree(world.to, "copy", "2", index);
  });

  test("--filter chooses; nothing chosen is not found", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1", "2-rc", "2"], amd);
    const repositories = {
      source: `${world.source.host}/app`,
      destination: `${world.target.host}/copy`,
      allTags: true,
    };
    const { document } = await world.copy({ ...repositories, filter: "2*" });
    assert.deepEqual(
      document.items.map(({ destination }) => destination.split(":").at(-1)),
      ["2", "2-rc"],
    );
    await assert.rejects(world.copy({ ...repositories, filter: "9*" }), fails("NOT_FOUND"));
    await assert.rejects(world.copy({ filter: "1" }), fails("USAGE"));
  });
});

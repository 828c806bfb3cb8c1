/** `pull` past an engine that does not trust the registry, which loads as a real one does. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isRegctlError } from "../../src/errors.ts";
import { makeBytes, makeContent, makeImage, makeIndex, makeTar } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import { openPullWorld } from "./pull-world.ts";

const small = makeImage({ seed: "small", layers: [3000, 5000] });

describe("directly", () => {
  test("every layer is verified and loaded, and the image is called what the registry calls it", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "team/app", ["1"], small);
    const item = await world.pull("team/app:1");
    assert.equal(item.imageId, small.config.digest);
    assert.deepEqual(item.names, [`${world.proxy.host}/team/app:1`]);
    const { via, digest, digestKnown, changed, layers } = item;
    assert.deepEqual(
      { via, digest, digestKnown, changed, layers },
      {
        via: "direct",
        digest: small.manifest.digest,
        digestKnown: false,
        changed: true,
        layers: { received: 2, reused: 0 },
      },
    );
    assert.equal(
      item.bytesReceived,
      small.layers.reduce((sum, { bytes }) => sum + bytes.length, 0),
    );
    assert.deepEqual(await world.kept(), []);
  });

  test("again nothing is loaded; another name is only given", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], small);
    await world.pull("app:1");
    const again = await world.pull("app:1", { as: ["local:1", "other"] });
    assert.deepEqual([again.bytesReceived, again.changed, world.engine.loads.length], [0, true, 1]);
    const tags = world.engine.images.get(small.config.digest)?.tags;
    assert.deepEqual(tags, [`${world.proxy.host}/app:1`, "local:1", "other:latest"]);
    assert.equal((await world.pull("app:1")).changed, false);
  });

  test("layers that the engine has above the same base are left out, others with the same bytes are not", async () => {
    await using world = await openPullWorld();
    const [base, top] = small.layers.map(({ bytes }) => bytes);
    assert.ok(base !== undefined && top !== undefined);
    await pushTree(world.host, "app", ["1"], small);
    await pushTree(world.host, "app", ["2"], makeImage({ seed: "second", layers: [base, 700] }));
    await pushTree(world.host, "app", ["3"], makeImage({ seed: "third", layers: [top, base] }));
    await world.pull("app:1");
    assert.deepEqual((await world.pull("app:2")).layers, { received: 1, reused: 1 });
    assert.deepEqual((await world.pull("app:3")).layers, { received: 2, reused: 0 });
    assert.equal(world.engine.images.size, 3);
  });

  test("a base that goes while it is counted on is sent after all", async () => {
    await using world = await openPullWorld();
    const [base] = small.layers.map(({ bytes }) => bytes);
    assert.ok(base !== undefined);
    await pushTree(world.host, "app", ["1"], small);
    await pushTree(world.host, "app", ["2"], makeImage({ seed: "second", layers: [base, 700] }));
    await world.pull("app:1");
    world.engine.refusals.push(
      "open /var/lib/docker/tmp/docker-import-1/a/layer.tar: no such file or directory",
    );
    const item = await world.pull("app:2");
    assert.deepEqual(item.layers, { received: 2, reused: 0 });
    assert.equal([...(world.engine.loads.at(-1)?.keys() ?? [])].length, 2);
  });

  test("large layers are sent unpacked; those of several members as they are", async () => {
    await using world = await openPullWorld();
    const tar = makeTar({ file: makeBytes(5_000_000, "one"), other: Buffer.alloc(3_000_000) });
    const members = Buffer.concat([gzipSync(tar.subarray(0, 4_000_000)), gzipSync(tar.subarray(4_000_000))]);
    const plain = makeImage({ seed: "plain", layers: [gzipSync(tar)] });
    const several = makeImage({ seed: "several", layers: [members] });
    await pushTree(world.host, "app", ["1"], plain);
    await pushTree(world.host, "app", ["2"], several);
    await world.pull("app:1");
    assert.deepEqual([...(world.engine.loads[0]?.values() ?? [])], [tar.length]);
    world.engine.images.clear();
    const item = await world.pull("app:2");
    assert.deepEqual([...(world.engine.loads[1]?.values() ?? [])], [members.length]);
    assert.equal(item.bytesReceived, members.length);
  });

  test("a last member that looks like the whole is noticed in the middle, and nothing is fetched twice", async () => {
    await using world = await openPullWorld();
    const tar = makeTar({ first: Buffer.from("x"), file: makeBytes(9_000_000, "last") });
    const members = Buffer.concat([gzipSync(tar.subarray(0, 1024)), gzipSync(tar.subarray(1024))]);
    const image = makeImage({ seed: "members", layers: [members] });
    await pushTree(world.host, "app", ["1"], image);
    const item = await world.pull("app:1");
    assert.equal(item.imageId, image.config.digest);
    assert.equal(item.bytesReceived, members.length);
    assert.deepEqual([...(world.engine.loads[0]?.values() ?? [])], [members.length]);
  });

  test("one platform of several: the engine's, or the one that is asked for", async () => {
    await using world = await openPullWorld();
    const arm = makeImage({ seed: "arm", platform: "linux/arm64" });
    const index = makeIndex([arm, small]);
    await pushTree(world.host, "app", ["1"], index);
    const own = await world.pull("app:1");
    assert.deepEqual([own.imageId, own.platform], [small.config.digest, "linux/amd64"]);
    assert.equal(own.digest, index.manifest.digest);
    const asked = await world.pull("app:1", { platform: "linux/arm64" });
    assert.deepEqual([asked.imageId, asked.platform], [arm.config.digest, "linux/arm64"]);
    await assert.rejects(world.pull("app:1", { platform: "linux/s390x" }), (error) =>
      isRegctlError(error, "PLATFORM_MISSING"),
    );
  });

  test("zstd is refused before anything is fetched, where the engine is too old for it", async () => {
    await using world = await openPullWorld();
    const image = makeImage({ seed: "zstd" });
    const manifest = JSON.parse(String(image.manifest.bytes));
    for (const layer of manifest.layers) layer.mediaType = "application/vnd.oci.image.layer.v1.tar+zstd";
    const changed = makeContent(Buffer.from(JSON.stringify(manifest)), image.manifest.mediaType);
    const tree = { ...image, manifest: changed, manifests: new Map([[changed.digest, changed]]) };
    await pushTree(world.host, "app", ["1"], tree);
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "ENGINE_TOO_OLD"));
    const [layer] = image.layers;
    assert.ok(world.proxy.requests.every(({ path }) => !path.includes(String(layer?.digest))));
  });
});

describe("interrupted", () => {
  const large = makeImage({ seed: "large", layers: [600_000, 400_000], compression: "none" });

  test("what was fetched before the engine refused is not fetched again", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], large);
    world.engine.refusals.push("write /var/lib/docker/tmp/x: no space left on device");
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "ENGINE_ERROR"));
    assert.equal((await world.kept()).length, 2);
    const item = await world.pull("app:1");
    assert.deepEqual([item.bytesReceived, item.imageId], [0, large.config.digest]);
    assert.deepEqual(await world.kept(), []);
  });

  test("a registry that breaks off again and again: what came is kept, and only the rest is fetched", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], large);
    const [first] = large.layers;
    const path = new RegExp(`blobs/${first?.digest}`);
    world.proxy.set(
      { path, times: 1, fault: { kind: "cut", side: "response", at: 200_000 } },
      {
        path,
        after: 1,
        times: 100,
        fault: { kind: "cut", side: "response", at: "head" },
      },
    );
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "REGISTRY_UNREACHABLE"));
    assert.equal(world.engine.images.size, 0);
    world.proxy.set();
    const total = large.layers.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const item = await world.pull("app:1");
    assert.equal(item.imageId, large.config.digest);
    assert.ok(item.bytesReceived < total - 100_000, `${item.bytesReceived} of ${total}`);
    assert.equal(item.bytesReceived + (item.bytesReused ?? 0), total);
  });

  test("one break is gone over, and nothing is fetched twice", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], large);
    const [first] = large.layers;
    const path = new RegExp(`blobs/${first?.digest}`);
    world.proxy.set({ path, fault: { kind: "reset", side: "response", at: 200_000 } });
    const item = await world.pull("app:1");
    assert.equal(world.proxy.count("reset"), 1);
    assert.equal(item.imageId, large.config.digest);
  });

  test("other bytes than announced reach no image, and are not kept", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], large);
    const [first, second] = large.layers;
    const path = new RegExp(`blobs/${first?.digest}`);
    world.proxy.set({ path, times: 100, fault: { kind: "flip", side: "response", at: 1000 } });
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "DIGEST_MISMATCH"));
    assert.equal(world.engine.images.size, 0);
    assert.equal(world.engine.loads.length, 0);
    const kept = await world.kept();
    assert.ok(
      kept.every((name) => name.includes(String(second?.digest.slice(7)))),
      String(kept),
    );
    world.proxy.set();
    assert.equal((await world.pull("app:1")).imageId, large.config.digest);
  });

  test("a file that was spoilt between two runs is fetched anew", async () => {
    await using world = await openPullWorld();
    await pushTree(world.host, "app", ["1"], large);
    world.engine.refusals.push("write x: no space left on device");
    await assert.rejects(world.pull("app:1"));
    const folder = join(world.home, ".cache/regctl/pull");
    for (const name of await world.kept()) await writeFile(join(folder, name), Buffer.alloc(1000));
    await assert.rejects(world.pull("app:1"), (error) => isRegctlError(error, "DIGEST_MISMATCH"));
    assert.equal((await world.pull("app:1")).imageId, large.config.digest);
  });
});

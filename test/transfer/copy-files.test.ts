/** Copies from and to files, in every direction. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import { linesOf, openCopyWorld } from "../support/copy-world.ts";
import { makeCosignSignature, makeImage, makeIndex, makeReferrer } from "../support/image-maker.ts";
import { assertTree, pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";

const amd = makeImage({ seed: "amd", layers: [1000, 3_000_000] });
const arm = makeImage({ seed: "arm", platform: "linux/arm64" });
const index = makeIndex([amd, arm]);
const docker = makeImage({ seed: "docker", format: "docker", compression: "none" });
const fails = (code: ErrorCode) => (error: unknown) => isRegctlError(error, code);

describe("there and back again, digest for digest", () => {
  for (const kind of ["oci", "oci-archive"] as const) {
    test(kind, async () => {
      await using world = await openCopyWorld();
      await pushTree(world.from, "app", ["1"], index);
      const file = `${kind}:${join(world.home, "file")}`;
      const there = await world.copy({ destination: file });
      assert.equal(there.document.items[0]?.destination, `${file}:1`);
      assert.equal(there.document.items[0].pull, null);
      const back = await world.copy({ source: file, destination: `${world.target.host}/copy` });
      assert.equal(back.document.items[0]?.digest, index.manifest.digest);
      await assertTree(world.to, "copy", "1", index);
    });
  }

  test("through a second file, by name and by digest", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], index);
    const [layout, archive] = [join(world.home, "dir"), join(world.home, "file.tar")];
    await world.copy({ destination: `oci:${layout}:first` });
    await world.copy({ source: `oci:${layout}:first`, destination: `oci-archive:${archive}:second` });
    await world.copy({
      source: `oci-archive:${archive}@${index.manifest.digest}`,
      destination: `${world.target.host}/copy:2`,
    });
    await assertTree(world.to, "copy", "2", index);
    await assert.rejects(world.copy({ source: `oci:${layout}:other` }), fails("NOT_FOUND"));
  });

  test("docker-archive: one platform, its name the one that docker will give it", async () => {
    await using world = await openCopyWorld();
    await pushTree(world.from, "app", ["1"], docker);
    await pushTree(world.from, "many", ["1"], index);
    const file = join(world.home, "file.tar");
    const { document } = await world.copy({ destination: `docker-archive:${file}` });
    assert.equal(document.items[0]?.destination, `docker-archive:${file}:${world.source.host}/app:1`);
    const back = await world.copy({
      source: `docker-archive:${file}`,
      destination: `${world.target.host}/copy`,
    });
    assert.equal(back.document.items[0]?.destination, `${world.target.host}/copy:1`);
    const many = {
      source: `${world.source.host}/many:1`,
      destination: `docker-archive:${join(world.home, "b.tar")}`,
    };
    await assert.rejects(world.copy(many), fails("USAGE"));
    await world.copy({ ...many, platform: "linux/arm64" });
  });
});

test("what a layout has already does not travel", async () => {
  await using world = await openCopyWorld();
  await pushTree(world.from, "app", ["1"], amd);
  await pushTree(world.from, "app", ["2"], index);
  const destination = `oci:${join(world.home, "dir")}`;
  await world.copy({ destination });
  const { document } = await world.copy({ source: `${world.source.host}/app:2`, destination });
  assert.deepEqual(document.items[0]?.blobs, { moved: arm.blobs.size, reused: amd.blobs.size, mounted: 0 });
});

test("all tags go into a layout and out of it, with what refers to them", async () => {
  await using world = await openCopyWorld();
  await pushTree(world.from, "app", ["1"], amd);
  await pushTree(world.from, "app", ["2"], index);
  const sbom = makeReferrer(amd.manifest);
  await pushTree(world.from, "app", [], sbom);
  const layout = `oci:${join(world.home, "dir")}`;
  const all = { allTags: true, referrers: true };
  await world.copy({ ...all, source: `${world.source.host}/app`, destination: layout });
  const { document } = await world.copy({ ...all, source: layout, destination: `${world.target.host}/copy` });
  assert.deepEqual(
    document.items.map(({ destination }) => destination.split(":").at(-1)),
    ["1", "2"],
  );
  await assertTree(world.to, "copy", "1", amd);
  await assertTree(world.to, "copy", "2", index);
  await using opened = await openTestClient(world.to);
  const { descriptors } = await opened.client.listReferrers("copy", amd.manifest.digest);
  assert.deepEqual(
    descriptors.map(({ digest }) => digest),
    [sbom.manifest.digest],
  );
});

test("signatures that cosign keeps under tags go into a layout and out of it; the image is still the only one", async () => {
  await using world = await openCopyWorld();
  await pushTree(world.from, "app", ["1"], amd);
  const signature = makeCosignSignature("sig");
  const tag = `${amd.manifest.digest.replace(":", "-")}.sig`;
  await pushTree(world.from, "app", [tag], signature);
  const layout = `oci:${join(world.home, "dir")}`;
  await world.copy({ referrers: true, destination: layout });
  await world.copy({ referrers: true, source: layout });
  await assertTree(world.to, "copy", "1", amd);
  await assertTree(world.to, "copy", tag, signature);
});

test("an archive that is there is not overwritten unasked, and a copy that fails leaves it as it was", async () => {
  await using world = await openCopyWorld();
  await pushTree(world.from, "app", ["1"], amd);
  const destination = `oci-archive:${join(world.home, "file.tar")}`;
  await world.copy({ destination });
  await assert.rejects(world.copy({ destination }), fails("FILE_EXISTS"));
  world.source.set({ path: /blobs/, times: 99, fault: { kind: "flip", side: "response", at: 3 } });
  await assert.rejects(world.copy({ destination, overwrite: true }), fails("DIGEST_MISMATCH"));
  world.source.set();
  await world.copy({ source: destination, destination: `${world.target.host}/copy` });
  await assertTree(world.to, "copy", "1", amd);
});

test("a source that breaks on the way into a file goes on by a range", async () => {
  await using world = await openCopyWorld();
  const large = makeImage({ seed: "large", layers: [9_000_000], compression: "none" });
  await pushTree(world.from, "app", ["1"], large);
  const blob = new RegExp(`/blobs/${large.layers[0]?.digest}`);
  world.source.set({ path: blob, fault: { kind: "cut", side: "response", at: 5_000_000 } });
  const destination = `oci:${join(world.home, "dir")}`;
  await world.copy({ destination });
  assert.equal(linesOf(world.source, blob).length, 2);
  await world.copy({ source: destination, destination: `${world.target.host}/copy` });
  await assertTree(world.to, "copy", "1", large);
});

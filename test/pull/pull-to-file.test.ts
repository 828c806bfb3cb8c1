/** `pull --output`, and what is refused before anything is asked. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import { openImageReader } from "../../src/layout/open.ts";
import type { PullInput } from "../../src/pull/pull-input.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import { openPullWorld } from "./pull-world.ts";

const amd = makeImage({ seed: "amd" });
const arm = makeImage({ seed: "arm", platform: "linux/arm64" });

test("a layout takes all platforms, and several images; the engine is not asked", async () => {
  await using world = await openPullWorld();
  const index = makeIndex([amd, arm]);
  await pushTree(world.host, "app", ["1"], index);
  await pushTree(world.host, "single", ["2"], amd);
  const output = `oci:${world.home}/layout`;
  const references = ["app:1", "single:2"].map((name) => `${world.proxy.host}/${name}`);
  const { document } = await world.pullAll({ references, output });
  assert.deepEqual(
    document.items.map(({ via, digest, output: written, platform }) => [via, digest, written, platform]),
    [
      ["file", index.manifest.digest, `${output}:1`, null],
      ["file", amd.manifest.digest, `${output}:2`, null],
    ],
  );
  assert.deepEqual(world.engine.scripted.requests, []);
  const reader = await openImageReader("oci", join(world.home, "layout"));
  assert.deepEqual(
    reader.entries.map(({ names }) => names[0]),
    ["1", "2"],
  );
  await reader.close();
});

test("a docker-archive takes one platform: that of this machine when nobody says which", async () => {
  await using world = await openPullWorld();
  await pushTree(world.host, "app", ["1"], makeIndex([amd, arm]));
  await pushTree(world.host, "single", ["1"], amd);
  const machine = { os: "linux", architecture: "arm64" };
  const output = `docker-archive:${world.home}/app.tar`;
  const item = await world.pull("app:1", { output, machine });
  assert.deepEqual([item.digest, item.platform], [arm.manifest.digest, "linux/arm64"]);
  assert.ok(world.told.some((event) => event.event === "note" && /linux\/arm64/.test(event.note)));
  await assert.rejects(world.pull("app:1", { output }), (error) => isRegctlError(error, "FILE_EXISTS"));
  const asked = await world.pull("app:1", { output, overwrite: true, platform: "linux/amd64" });
  assert.equal(asked.digest, amd.manifest.digest);
  const single = await world.pull("single:1", { output, overwrite: true, machine });
  assert.equal(single.digest, amd.manifest.digest, "one that is for one platform is what it is");
});

describe("refused", () => {
  const app = "127.0.0.1:1/app:1";
  const table: readonly (readonly [string, Partial<PullInput>, ErrorCode])[] = [
    ["a local name for several", { references: [app, app], as: ["x"] }, "USAGE"],
    ["a local name in a file", { references: [app], as: ["x"], output: "oci:x" }, "USAGE"],
    ["a way into a file", { references: [app], via: "direct", output: "oci:x" }, "USAGE"],
    ["an engine for a file", { references: [app], context: "x", output: "oci:x" }, "USAGE"],
    ["several in one archive", { references: [app, app], output: "oci-archive:x.tar" }, "USAGE"],
    ["several under one name", { references: [app, app], output: "oci:x:1" }, "USAGE"],
    ["an output without a kind", { references: [app], output: "x.tar" }, "USAGE"],
    ["a platform that is none", { references: [app], platform: "l!nux" }, "USAGE"],
    ["a local name with a digest", { references: [app], as: [`x@sha256:${"0".repeat(64)}`] }, "USAGE"],
    ["a name that is none", { references: ["App"] }, "BAD_REFERENCE"],
    ["no registry anywhere", { references: ["app"] }, "USAGE"],
  ];
  for (const [name, input, code] of table) {
    test(name, async () => {
      await using world = await openPullWorld();
      await assert.rejects(world.pullAll(input), (error) => isRegctlError(error, code));
      assert.deepEqual(world.engine.scripted.requests, []);
    });
  }

  test("no engine: with what can be done without one", async () => {
    await using world = await openPullWorld();
    await world.engine.scripted.close();
    await assert.rejects(
      world.pull("app:1"),
      (error) =>
        isRegctlError(error, "ENGINE_UNREACHABLE") && /--output oci:DIR/.test(error.facts.instead ?? ""),
    );
  });
});

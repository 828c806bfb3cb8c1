/** `delete` on our own registry, made to delete as each kind of registry does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { refuse } from "../../src/server/response.ts";
import { createDeleteWorld } from "../support/delete-world.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { type Deletes, type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";

const image = makeImage({ seed: "one" });
const other = makeImage({ seed: "two", format: "docker" });
const arm = makeImage({ seed: "three", platform: "linux/arm64" });
const index = makeIndex([image, arm]);
const { digest } = image.manifest;

/** `app` with v1.0, v1.1 and same on one image, v2 on another, and an index that holds the first. */
async function startFilled(deletes?: Deletes): Promise<OddRegistry> {
  const registry = await startOddRegistry(deletes);
  await pushTree(registry.host, "app", ["v1.0", "v1.1", "same"], image);
  await pushTree(registry.host, "app", ["v2"], other);
  registry.requests.length = 0;
  return registry;
}

async function tagsOf({ host }: OddRegistry): Promise<readonly string[]> {
  await using opened = await openTestClient(host);
  const found: string[] = [];
  for await (const { entries } of opened.client.tagPages("app")) found.push(...entries);
  return found.toSorted();
}

const all = ["same", "v1.0", "v1.1", "v2"];
const withCode = (code: Parameters<typeof isRegctlError>[1]) => (error: unknown) =>
  code !== undefined && isRegctlError(error, code);
const writes = ({ requests }: OddRegistry) => requests.filter((line) => /^(PUT|POST|PATCH) /.test(line));

describe("a tag", () => {
  for (const [deletes, way] of [
    ["by-tag", "by-tag"],
    ["by-digest", "dummy-manifest"],
  ] as const) {
    test(`alone is removed from a registry that deletes ${deletes}`, async () => {
      await using registry = await startFilled(deletes);
      const { host } = registry;
      const world = createDeleteWorld();
      const { outcome, exitCode } = await world.remove([`${host}/app:v1.0`]);
      assert.equal(exitCode, 0);
      assert.deepEqual(outcome, {
        dryRun: false,
        items: [
          {
            reference: `${host}/app:v1.0`,
            deleted: "tag",
            digest,
            alsoTagged: ["same", "v1.1"],
            way,
            notes: [],
          },
        ],
      });
      assert.deepEqual(await tagsOf(registry), ["same", "v1.1", "v2"]);
      assert.equal(await digestAt(host, "app", "same"), digest);
      assert.equal(await digestAt(host, "app", digest), digest);
      assert.deepEqual(world.asked, []);
      assert.equal(writes(registry).length > 0, way === "dummy-manifest");
    });

    test(`of Docker's format, the last on its image, ${deletes}`, async () => {
      await using registry = await startFilled(deletes);
      const { outcome } = await createDeleteWorld().remove([`${registry.host}/app:v2`]);
      assert.deepEqual([outcome.items[0]?.deleted, outcome.items[0]?.alsoTagged], ["tag", []]);
      assert.equal(await digestAt(registry.host, "app", other.manifest.digest), other.manifest.digest);
    });

    test(`--dry-run says how and changes nothing, ${deletes}`, async () => {
      await using registry = await startFilled(deletes);
      const { outcome } = await createDeleteWorld().remove([`${registry.host}/app:v1.0`], { dryRun: true });
      assert.deepEqual(
        [outcome.dryRun, outcome.items[0]?.deleted, outcome.items[0]?.way],
        [true, "tag", way],
      );
      assert.deepEqual([await tagsOf(registry), writes(registry)], [all, []]);
    });
  }

  test("with deletion switched off stays, and nothing was written", async () => {
    await using registry = await startFilled("off");
    const removed = createDeleteWorld().remove([`${registry.host}/app:v1.0`]);
    await assert.rejects(removed, withCode("DELETE_OFF"));
    assert.deepEqual([await tagsOf(registry), writes(registry)], [all, []]);
  });

  test("of somebody who may not delete: they are told so, and of no made-up name", async () => {
    await using registry = await startFilled();
    registry.meet(async (line, answer) =>
      line.startsWith("DELETE ") ? refuse(403, "DENIED", "access denied") : await answer(),
    );
    const name = `${registry.host}/app`;
    await assert.rejects(
      createDeleteWorld().remove([`${name}:v1.0`]),
      (error) => isRegctlError(error, "DENIED") && error.facts.what === `deleting in ${name}`,
    );
    assert.deepEqual([await tagsOf(registry), writes(registry)], [all, []]);
  });

  test("that is not there, or in no repository, is not found", async () => {
    await using registry = await startFilled();
    for (const name of ["app:none", "nothing/here:1"]) {
      await assert.rejects(createDeleteWorld().remove([`${registry.host}/${name}`]), withCode("NOT_FOUND"));
    }
  });

  test("with a digest goes only while it points there", async () => {
    await using registry = await startFilled();
    const name = `${registry.host}/app:v1.0`;
    const elsewhere = createDeleteWorld().remove([`${name}@${other.manifest.digest}`]);
    await assert.rejects(elsewhere, withCode("TAG_MOVED"));
    assert.deepEqual(await tagsOf(registry), all);
    await createDeleteWorld().remove([`${name}@${digest}`]);
    assert.equal(await digestAt(registry.host, "app", "v1.0"), null);
  });

  test("gives its siblings back where a registry takes them along", async () => {
    await using registry = await startFilled("with-siblings");
    const world = createDeleteWorld();
    const { outcome } = await world.remove([`${registry.host}/app:v1.0`]);
    assert.match(outcome.items[0]?.notes.join() ?? "", /put back: same, v1\.1/);
    assert.deepEqual(await tagsOf(registry), ["same", "v1.1", "v2"]);
    assert.equal(await digestAt(registry.host, "app", digest), digest);
    assert.ok(world.told.some(({ event }) => event === "warning"));
  });
});

describe("several", () => {
  test("the same tag twice is one; an error stands with its item", async () => {
    await using registry = await startFilled();
    const name = `${registry.host}/app`;
    const twice = await createDeleteWorld().remove([`${name}:v1.0`, `${name}:v1.0`]);
    assert.deepEqual([twice.exitCode, twice.outcome.items.length], [0, 1]);
    const { outcome, exitCode } = await createDeleteWorld().remove([`${name}:v1.1`, `${name}:none`]);
    assert.deepEqual([outcome.ok, exitCode], [false, 5]);
    const told = outcome.items.map(({ reference, deleted, error }) => [reference, deleted, error?.code]);
    assert.deepEqual(told, [
      [`${name}:none`, "none", "NOT_FOUND"],
      [`${name}:v1.1`, "tag", undefined],
    ]);
  });

  test("a registry that is away keeps nothing of another one from going", async () => {
    await using registry = await startFilled();
    const removed = createDeleteWorld().remove(["127.0.0.1:1/app:1", `${registry.host}/app:v2`]);
    const { outcome, exitCode } = await removed;
    assert.deepEqual([exitCode, outcome.items[0]?.error?.code], [6, "REGISTRY_UNREACHABLE"]);
    assert.equal(await digestAt(registry.host, "app", "v2"), null);
  });

  for (const deletes of ["by-tag", "by-digest"] as const) {
    test(`a pattern shows what goes and asks, ${deletes}`, async () => {
      await using registry = await startFilled(deletes);
      const name = `${registry.host}/app`;
      const world = createDeleteWorld(async () => false);
      await assert.rejects(world.remove([`${name}:v1.*`]), withCode("DECLINED"));
      assert.deepEqual([await tagsOf(registry), writes(registry)], [all, []]);
      const [question] = world.asked;
      assert.deepEqual([question?.question, question?.flag], ["Delete these 2 tags?", "--yes"]);
      assert.deepEqual(question?.details, [`${name}:v1.0  ${digest}`, `${name}:v1.1  ${digest}`]);

      const agreed = createDeleteWorld();
      const { outcome } = await agreed.remove([`${name}:v1.*`, `${name}:v1.0`], { yes: true });
      assert.deepEqual(
        outcome.items.map(({ deleted, alsoTagged }) => [deleted, alsoTagged]),
        [
          ["tag", ["same"]],
          ["tag", ["same"]],
        ],
      );
      assert.deepEqual([agreed.asked, await tagsOf(registry)], [[], ["same", "v2"]]);
      assert.equal(await digestAt(registry.host, "app", "same"), digest);
    });
  }

  test("a pattern that fits nothing is not found", async () => {
    await using registry = await startFilled();
    await assert.rejects(createDeleteWorld().remove([`${registry.host}/app:z*`]), withCode("NOT_FOUND"));
  });
});

describe("--digest", () => {
  const manifests = { digest: true };

  test("lists the tags that go with it, asks, and removes them with the manifest", async () => {
    await using registry = await startFilled();
    const world = createDeleteWorld();
    const { outcome } = await world.remove([`${registry.host}/app:v1.0`], manifests);
    assert.match(world.asked[0]?.details?.join() ?? "", /with it the tags same, v1\.1/);
    const [item] = outcome.items;
    assert.deepEqual(
      [item?.deleted, item?.way, item?.alsoTagged],
      ["manifest", "by-digest", ["same", "v1.1"]],
    );
    assert.deepEqual(await tagsOf(registry), ["v2"]);
    assert.equal(await digestAt(registry.host, "app", digest), null);
  });

  test("of two tags on one manifest removes it once; a digest names it as well", async () => {
    await using registry = await startFilled();
    const name = `${registry.host}/app`;
    const { outcome } = await createDeleteWorld().remove([`${name}:v1.0`, `${name}:same`], manifests);
    assert.deepEqual([outcome.items.length, await tagsOf(registry)], [1, ["v2"]]);
    await createDeleteWorld().remove([`${name}@${other.manifest.digest}`], manifests);
    assert.equal(await digestAt(registry.host, "app", "v2"), null);
    const again = createDeleteWorld().remove([`${name}@${other.manifest.digest}`], manifests);
    await assert.rejects(again, withCode("NOT_FOUND"));
  });

  test("stops when a tag was moved while somebody thought about it", async () => {
    await using registry = await startFilled();
    const world = createDeleteWorld(async () => {
      await pushTree(registry.host, "app", ["same"], other);
      return true;
    });
    await assert.rejects(world.remove([`${registry.host}/app:v1.0`], manifests), withCode("TAG_MOVED"));
    assert.equal(await digestAt(registry.host, "app", "v1.0"), digest);
  });

  test("says what stays of an index, and what an index loses with a child", async () => {
    await using registry = await startFilled();
    await pushTree(registry.host, "app", ["multi"], index);
    const name = `${registry.host}/app`;
    const child = await createDeleteWorld().remove([`${name}:v1.0`], { ...manifests, dryRun: true });
    assert.match(child.outcome.items[0]?.notes.join() ?? "", /part of multi/);
    const whole = await createDeleteWorld().remove([`${name}:multi`], manifests);
    assert.match(whole.outcome.items[0]?.notes.join() ?? "", /2 manifests that it names stay/);
    assert.equal(await digestAt(registry.host, "app", digest), digest);
  });

  test("with deletion switched off asks nobody", async () => {
    await using registry = await startFilled("off");
    const world = createDeleteWorld();
    await assert.rejects(world.remove([`${registry.host}/app:v1.0`], manifests), withCode("DELETE_OFF"));
    assert.deepEqual(world.asked, []);
  });
});

describe("what is not to be guessed is wrong usage, before anybody is asked", () => {
  for (const [given, type] of [
    ["127.0.0.1:1/app", "regctl delete 127.0.0.1:1/app:TAG"],
    [`127.0.0.1:1/app@${digest}`, `regctl delete --digest 127.0.0.1:1/app@${digest}`],
    ["app:1", "regctl use HOST[:PORT]"],
  ] as const) {
    test(given, async () => {
      const removed = createDeleteWorld().remove([given]);
      await assert.rejects(removed, (error) => isRegctlError(error, "USAGE") && error.facts.type === type);
    });
  }
});

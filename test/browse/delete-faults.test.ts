/**
 * `delete` cut off at every single request, on a registry that deletes by digest alone: the tag is gone or as it was,
 * never anybody else's, and what a killed run leaves the next one finishes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import type { ServerResponse } from "../../src/server/message.ts";
import { empty, refuse } from "../../src/server/response.ts";
import { createDeleteWorld } from "../support/delete-world.ts";
import { makeImage } from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";

const image = makeImage({ seed: "one" });
const newer = makeImage({ seed: "two" });
const { digest } = image.manifest;
const interruption = new RegctlError("INTERRUPTED", { signal: "SIGINT" });

async function startFilled(): Promise<OddRegistry> {
  const registry = await startOddRegistry("by-digest");
  await pushTree(registry.host, "app", ["1", "same"], image);
  await pushTree(registry.host, "app", ["other"], newer);
  registry.requests.length = 0;
  return registry;
}

/** Everything but the tag itself. */
async function assertRestIsWhole({ host }: OddRegistry): Promise<void> {
  assert.equal(await digestAt(host, "app", "same"), digest);
  assert.equal(await digestAt(host, "app", digest), digest);
  assert.equal(await digestAt(host, "app", "other"), newer.manifest.digest);
}

async function isPlaceholder(host: string): Promise<boolean> {
  await using opened = await openTestClient(host);
  return (await opened.client.getManifest("app", "1")).bytes.includes("docker-regctl.delete");
}

const removes = (line: string) => /^DELETE .*\/manifests\/sha256:/.test(line);
const puts = (line: string) => line === "PUT /v2/app/manifests/1";
const unavailable = () => refuse(500, "UNKNOWN", "the disk is full");

/** How many requests a whole run makes: each of them is where another run ends. */
const steps = await (async () => {
  await using registry = await startFilled();
  await createDeleteWorld().remove([`${registry.host}/app:1`]);
  return registry.requests.length;
})();

test("there are enough steps to end at", () => assert.ok(steps > 15, String(steps)));

for (const when of ["before", "after"] as const) {
  describe(`Ctrl-C ${when} the registry does what it is asked in request`, { concurrency: 4 }, () => {
    for (let step = 1; step <= steps; step += 1) {
      test(String(step), async () => {
        await using registry = await startFilled();
        const world = createDeleteWorld();
        let left = step;
        registry.meet(async (_line, answer) => {
          left -= 1;
          if (left !== 0) return await answer();
          if (when === "before") {
            world.abort(interruption);
            // It never got there.
            return empty(503);
          }
          const response = await answer();
          world.abort(interruption);
          return response;
        });
        const removed = world.remove([`${registry.host}/app:1`]);
        const error: unknown = await removed.then(
          () => null,
          (reason) => reason,
        );
        const now = await digestAt(registry.host, "app", "1");
        assert.ok(now === digest || now === null, `the tag holds ${now}`);
        if (error === null) assert.equal(now, null);
        else assert.equal(error, interruption);
        await assertRestIsWhole(registry);
      });
    }
  });
}

describe("killed after request", { concurrency: 4 }, () => {
  for (let step = 1; step <= steps; step += 1) {
    test(`${step}, the next run finishes it`, async () => {
      await using registry = await startFilled();
      let left = step;
      registry.meet(async (_line, answer) => {
        left -= 1;
        // Nothing of what the killed run wants afterwards arrives.
        return left >= 0 ? await answer() : refuse(403, "DENIED", "dead");
      });
      await createDeleteWorld()
        .remove([`${registry.host}/app:1`])
        .catch(() => {});
      registry.meet((_line, answer) => answer());
      await assertRestIsWhole(registry);
      const before = await digestAt(registry.host, "app", "1");
      if (before === null) return;
      const { outcome } = await createDeleteWorld().remove([`${registry.host}/app:1`]);
      const [item] = outcome.items;
      assert.deepEqual([item?.deleted, item?.digest, item?.way], ["tag", digest, "dummy-manifest"]);
      assert.equal(await digestAt(registry.host, "app", "1"), null);
      assert.equal(await digestAt(registry.host, "app", before), before === digest ? digest : null);
      await assertRestIsWhole(registry);
    });
  }
});

describe("a later step that fails", () => {
  test("puts the old manifest back, and says so", async () => {
    await using registry = await startFilled();
    // The first one asks whether deletion is on.
    let probes = 1;
    registry.meet(async (line, answer) => {
      if (!removes(line)) return await answer();
      probes -= 1;
      return probes >= 0 ? await answer() : unavailable();
    });
    const world = createDeleteWorld();
    const removed = world.remove([`${registry.host}/app:1`]);
    await assert.rejects(removed, (error) => isRegctlError(error, "REGISTRY_ERROR"));
    assert.equal(await digestAt(registry.host, "app", "1"), digest);
    const warnings = world.told.flatMap((event) => (event.event === "warning" ? [event.warning] : []));
    assert.match(warnings.join(), /app:1 was not deleted, and is as it was: sha256:/);
    await assertRestIsWhole(registry);
  });

  test("and a registry that says it deletes, and does not", async () => {
    await using registry = await startFilled();
    let probes = 1;
    registry.meet(async (line, answer) => {
      if (!removes(line)) return await answer();
      probes -= 1;
      return probes >= 0 ? await answer() : empty(202);
    });
    const removed = createDeleteWorld().remove([`${registry.host}/app:1`]);
    await assert.rejects(removed, (error) => isRegctlError(error, "REGISTRY_ERROR"));
    assert.equal(await digestAt(registry.host, "app", "1"), digest);
    await assertRestIsWhole(registry);
  });

  test("so that nothing can be put back is told with the way out", async () => {
    await using registry = await startFilled();
    let placed = false;
    registry.meet(async (line, answer) => {
      if (placed) return unavailable();
      placed = puts(line);
      return await answer();
    });
    const removed = createDeleteWorld().remove([`${registry.host}/app:1`]);
    await assert.rejects(
      removed,
      (error) => isRegctlError(error, "PLACEHOLDER_LEFT") && error.facts.digest === digest,
    );
    registry.meet((_line, answer) => answer());
    assert.ok(await isPlaceholder(registry.host));
    const again = createDeleteWorld();
    const { outcome } = await again.remove([`${registry.host}/app:1`], { digest: true });
    assert.deepEqual([outcome.items[0]?.digest, outcome.items[0]?.alsoTagged], [digest, ["same"]]);
    assert.equal(await digestAt(registry.host, "app", "1"), null);
    assert.equal(await digestAt(registry.host, "app", digest), null);
  });

  test("an upload that fails leaves no session", async () => {
    await using registry = await startFilled();
    registry.meet(async (line, answer) =>
      line.startsWith("PUT /v2/app/blobs/") ? refuse(403, "DENIED", "no") : await answer(),
    );
    const removed = createDeleteWorld().remove([`${registry.host}/app:1`]);
    await assert.rejects(removed, (error) => isRegctlError(error, "DENIED"));
    const begun = registry.requests.filter((line) => line.startsWith("POST "));
    const ended = registry.requests.filter((line) => line.startsWith("DELETE /v2/app/blobs/uploads/"));
    assert.deepEqual([begun.length, ended.length], [1, 1]);
    assert.equal(await digestAt(registry.host, "app", "1"), digest);
  });
});

describe("somebody else", () => {
  const push = (registry: OddRegistry) => pushTree(registry.host, "app", ["1"], newer);

  for (const [name, moment] of [
    ["while the blobs of the placeholder are sent", (line: string) => line.startsWith("POST ")],
    ["right after the placeholder was put", puts],
  ] as const) {
    test(`pushes the tag ${name}: it is left alone`, async () => {
      await using registry = await startFilled();
      let done = false;
      registry.meet(async (line, answer): Promise<ServerResponse> => {
        const response = await answer();
        if (done || !moment(line)) return response;
        done = true;
        await push(registry);
        return response;
      });
      const removed = createDeleteWorld().remove([`${registry.host}/app:1`]);
      await assert.rejects(removed, (error) => isRegctlError(error, "TAG_MOVED"));
      assert.equal(await digestAt(registry.host, "app", "1"), newer.manifest.digest);
      await assertRestIsWhole(registry);
    });
  }

  test("deletes the same tag at the same moment: it is gone once, for both", async () => {
    await using registry = await startFilled();
    // Both have looked before either of them puts.
    const waiting = Promise.withResolvers<void>();
    let seen = 0;
    registry.meet(async (line, answer) => {
      if (puts(line)) {
        seen += 1;
        if (seen === 2) waiting.resolve();
        await waiting.promise;
      }
      return await answer();
    });
    const name = `${registry.host}/app:1`;
    const ended = await Promise.all([createDeleteWorld().remove([name]), createDeleteWorld().remove([name])]);
    assert.deepEqual(
      ended.map(({ outcome }) => outcome.items[0]?.deleted),
      ["tag", "tag"],
    );
    assert.equal(await digestAt(registry.host, "app", "1"), null);
    await assertRestIsWhole(registry);
  });
});

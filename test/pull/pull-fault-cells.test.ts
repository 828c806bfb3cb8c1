/**
 * Every place where a registry or an engine can fail a direct pull, and `pull` as a process stopped in each phase: the
 * image is there or the error says what it was; no name leads to anything else, nothing is left, and the next run brings
 * it.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorCode } from "../../src/errors.ts";
import type { Rule } from "../support/fault-proxy.ts";
import { makeImage } from "../support/image-maker.ts";
import { pushTree } from "../support/registry-content.ts";
import {
  assertCode,
  breaks,
  cellLimits,
  describeFaults,
  type LastingFaults,
  lastingFaults,
  passingFaults,
  type Requests,
  says,
} from "../support/registry-faults.ts";
import { startCli } from "../support/run-cli.ts";
import { mountSmallDisk, withoutMounts } from "../support/small-disk.ts";
import { openPullWorld, type PullWorld } from "./pull-world.ts";

const image = makeImage({ seed: "cells", layers: [900_000, 2000], compression: "none" });
const [first] = image.layers;
const total = image.layers.reduce((sum, { bytes }) => sum + bytes.length, 0);

async function open(home: string | null = null): Promise<PullWorld> {
  const world = await openPullWorld(undefined, home);
  await pushTree(world.host, "app", ["1"], image);
  return world;
}

const places: Readonly<Record<string, Requests>> = {
  "the manifest": { method: "GET", path: /manifests\/1$/ },
  "the configuration": { method: "GET", path: new RegExp(`blobs/${image.config.digest}`) },
  "a layer": { method: "GET", path: new RegExp(`blobs/${first?.digest}`) },
};

const passing = {
  ...passingFaults,
  "hangs up in the middle": breaks("cut", 100),
  "resets in the middle": breaks("reset", 100),
  "falls silent in the middle": breaks("stall", 100),
};

const lasting: LastingFaults = {
  ...lastingFaults,
  "has lost it": [says(404, "MANIFEST_UNKNOWN"), "NOT_FOUND"],
  "hangs up before its answer": [breaks("cut"), "REGISTRY_UNREACHABLE"],
  "sends another byte": [{ kind: "flip", side: "response", at: 60 }, "DIGEST_MISMATCH"],
};

async function assertMended(world: PullWorld): Promise<void> {
  world.proxy.set();
  const item = await world.pull("app:1");
  assert.equal(item.imageId, image.config.digest);
  assert.deepEqual([...world.engine.images.keys()], [image.config.digest]);
  assert.deepEqual(world.engine.images.get(image.config.digest)?.tags, [`${world.proxy.host}/app:1`]);
  assert.deepEqual(await world.kept(), []);
}

async function assertUntouched(world: PullWorld): Promise<void> {
  assert.equal(world.engine.images.size, 0);
}

async function assertFails(world: PullWorld, code: ErrorCode): Promise<void> {
  await assertCode(world.pull("app:1"), code);
  await assertUntouched(world);
}

for (const [where, requests] of Object.entries(places)) {
  describeFaults(where, requests, {
    open: () => open(),
    go: (world) => world.pull("app:1"),
    untouched: assertUntouched,
    mended: assertMended,
    passing,
    lasting,
  });
}

describe("the engine", { concurrency: 4 }, () => {
  for (const at of [1, 500_000]) {
    it(
      `hangs up after ${at} bytes of what it loads: what was fetched is not fetched again`,
      cellLimits,
      async () => {
        await using world = await open();
        world.engine.cutLoadAfter = at;
        await assertFails(world, "ENGINE_UNREACHABLE");
        world.proxy.set();
        const item = await world.pull("app:1");
        assert.ok(item.bytesReceived + (item.bytesReused ?? 0) === total);
        await assertMended(world);
      },
    );
  }

  for (const message of ["write /var/lib/docker/tmp/x: no space left on device", "unexpected EOF"]) {
    it(`refuses with "${message}": it is passed on`, cellLimits, async () => {
      await using world = await open();
      world.engine.refusals.push(message);
      await assertFails(world, "ENGINE_ERROR");
      await assertMended(world);
    });
  }
});

it("a full disk under the layers on their way: FILE_FAILED, and the next run with room brings it", {
  skip: withoutMounts,
  ...cellLimits,
}, async () => {
  await using disk = await mountSmallDisk(4 * 1024 * 1024);
  await disk.fill(300_000);
  await using world = await open(disk.path);
  await assertFails(world, "FILE_FAILED");
  await disk.free();
  await assertMended(world);
});

/** A request that gets no further, or one that the engine does not answer. */
const phases: Readonly<Record<string, Rule | RegExp>> = {
  "reads the manifest": { ...places["the manifest"], fault: breaks("stall") },
  "reads the configuration": { ...places["the configuration"], fault: breaks("stall") },
  "fetches a layer": { ...places["a layer"], fault: breaks("stall", 400_000) },
  "asks the engine": /GET \/images\/json/,
  "has the engine load": /POST \/images\/load/,
};

for (const [where, phase] of Object.entries(phases)) {
  describe(`stopped while it ${where}`, { concurrency: 2 }, () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      it(
        `${signal}: the engine has nothing of it, and the next run brings the image`,
        cellLimits,
        async () => {
          await using world = await open();
          if (phase instanceof RegExp) world.engine.silentOn = phase;
          else world.proxy.set(phase);
          const words = [
            "pull",
            `${world.proxy.host}/app:1`,
            "--via",
            "direct",
            "--json",
            "--progress",
            "none",
          ];
          const child = startCli(words, {
            env: { HOME: world.home, DOCKER_HOST: `unix://${world.engine.scripted.socketPath}` },
          });
          let said = "";
          child.stdout.on("data", (chunk) => (said += chunk));
          child.stderr.resume();
          const closed = once(child, "close");
          while (world.engine.silences + world.proxy.count("stall") === 0) {
            assert.equal(child.exitCode, null, said);
            await sleep(5);
          }
          child.kill(signal);
          const [code] = await closed;
          assert.equal(code, signal === "SIGINT" ? 130 : null, said);
          if (signal === "SIGINT") assert.equal(JSON.parse(said).error.code, "INTERRUPTED");
          assert.equal(world.engine.images.size, 0);
          world.engine.silentOn = null;
          await assertMended(world);
        },
      );
    }
  });
}

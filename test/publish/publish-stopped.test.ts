/**
 * `publish` as a process, stopped in each of its phases: by Ctrl-C it ends with 130, by kill -9 it just ends; no tag has
 * changed, and the next run brings the image and leaves nothing behind. And with a full disk under its own files.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Rule } from "../support/fault-proxy.ts";
import { makeBytes, makeTar } from "../support/image-maker.ts";
import { openPublishWorld, type PublishWorldParts } from "../support/publish-world.ts";
import { digestAt } from "../support/registry-content.ts";
import { startCli } from "../support/run-cli.ts";
import { makeSavedTar, makeUnpacked } from "../support/saved-tar.ts";
import { mountSmallDisk, withoutMounts } from "../support/small-disk.ts";
import { assertArrived, filesBelow } from "./arrived.ts";

const mebibyte = 1024 * 1024;
const made = makeUnpacked([makeTar({ large: makeBytes(10 * mebibyte, "stopped") }), 3000], "stopped");
const size = made.layers.reduce((sum, { length }) => sum + length, 0);
const image = { ...made, names: ["app:1"], size, tar: makeSavedTar("docker-28", made) };

const stall = (side: "request" | "response", at: number | "head") => ({ kind: "stall", side, at }) as const;

/** Where it is when it is stopped: in a request that gets no further, or while the engine says nothing more. */
const phases: Readonly<Record<string, Rule | number>> = {
  "looks at the tag": { path: /manifests\/1$/, fault: stall("response", "head") },
  "asks for a blob": { method: "HEAD", path: /blobs\/sha256/, fault: stall("response", "head") },
  "waits for the engine": 0,
  "reads out of the engine": 4 * mebibyte,
  "begins an upload": { method: "POST", path: /uploads\/$/, fault: stall("response", "head") },
  "sends a layer": { method: "PATCH", path: /uploads/, fault: stall("request", 5 * mebibyte) },
  "ends an upload": { method: "PUT", path: /digest=/, fault: stall("response", "head") },
  "puts the manifest": { method: "PUT", path: /manifests\/1$/, fault: stall("request", 0) },
};

/** Resolves when the run is in its phase. */
async function stopIn(world: PublishWorldParts, phase: Rule | number, running: () => boolean): Promise<void> {
  const there = () => (typeof phase === "number" ? world.brokenSaves() : world.proxy.count("stall")) > 0;
  while (!there()) {
    assert.ok(running(), "it ended before it came there");
    await sleep(5);
  }
}

for (const [where, phase] of Object.entries(phases)) {
  describe(`while it ${where}`, { concurrency: 2 }, () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      it(`${signal}: no tag changes, and the next run brings the image`, { timeout: 90_000 }, async () => {
        await using world = await openPublishWorld({ images: [image] });
        if (typeof phase === "number") world.breakSaveAfter(phase, "fall silent");
        else world.proxy.set(phase);
        const child = startCli(
          ["publish", "app:1", `${world.proxy.host}/app:1`, "--json", "--progress", "none"],
          {
            env: { HOME: world.home, DOCKER_HOST: `unix://${world.engine.socketPath}` },
          },
        );
        let said = "";
        child.stdout.on("data", (chunk) => (said += chunk));
        child.stderr.resume();
        const closed = once(child, "close");
        await stopIn(world, phase, () => child.exitCode === null);
        child.kill(signal);
        const [code] = await closed;
        assert.equal(code, signal === "SIGINT" ? 130 : null, said);
        if (signal === "SIGINT") assert.equal(JSON.parse(said).error.code, "INTERRUPTED");
        assert.equal(await digestAt(world.registry, "app", "1"), null);
        assert.deepEqual(world.tagged, []);
        world.proxy.set();
        await world.publish("app:1");
        await assertArrived(world.registry, made);
        const left = (await filesBelow(world.home)).filter(
          (path) => !path.startsWith(".cache/regctl/layers/"),
        );
        assert.deepEqual(left, []);
      });
    }
  });
}

it("a full disk under what it keeps for later costs nothing but what would be kept", {
  skip: withoutMounts,
  timeout: 60_000,
}, async () => {
  await using disk = await mountSmallDisk(mebibyte);
  await disk.fill(0);
  await using world = await openPublishWorld({ images: [image], home: disk.path });
  await world.publish("app:1");
  await assertArrived(world.registry, made);
  assert.deepEqual(await filesBelow(disk.path), ["ballast"]);
  const { items } = await world.publish("app:1");
  assert.deepEqual([items[0]?.bytesSent, items[0]?.changed], [0, false]);
});

/** `publish`, when the engine, the registry, the way between them or the person at the keyboard stops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { makeBytes, makeTar } from "../support/image-maker.ts";
import { openPublishWorld, type PublishWorldParts } from "../support/publish-world.ts";
import { digestAt } from "../support/registry-content.ts";
import { makeSavedTar, makeUnpacked } from "../support/saved-tar.ts";
import { assertArrived } from "./arrived.ts";

const mebibyte = 1024 * 1024;
/** Packs to about its own size: more than is kept to be sent again. */
const made = makeUnpacked([makeTar({ large: makeBytes(40 * mebibyte, "large") })]);
const small = makeUnpacked([makeTar({ five: makeBytes(9 * mebibyte, "five") })], "small");
const largest = 41 * mebibyte;

async function open(of = made): Promise<PublishWorldParts> {
  const { id, diffIds, layers } = of;
  const size = layers.reduce((sum, { length }) => sum + length, 0);
  const image = { id, names: ["app:1"], diffIds, size, tar: makeSavedTar("docker-28", of) };
  return await openPublishWorld({ images: [image] });
}

const patches = /blobs\/uploads/;
const cutAt = (at: number) => ({ kind: "cut", side: "request", at }) as const;

describe("when the engine stops in the middle", () => {
  for (const [compression, resumed] of [
    [undefined, true],
    ["gzip:6", false],
  ] as const) {
    it(`another run ${resumed ? "goes on with what arrived" : "that packs otherwise begins the layer again"}`, async () => {
      await using world = await open();
      world.breakSaveAfter(24 * mebibyte);
      await assert.rejects(world.publish("app:1"), (error) => isRegctlError(error, "ENGINE_UNREACHABLE"));
      assert.equal(await digestAt(world.registry, "app", "1"), null);
      const { items } = await world.publish("app:1", { compression });
      await assertArrived(world.registry, made);
      const sent = items[0]?.bytesSent ?? 0;
      assert.equal(sent < 30 * mebibyte, resumed, `${sent} bytes`);
    });
  }
});

describe("when the registry or the way to it stops", () => {
  it("what it has not got is sent again, and nothing is read twice", async () => {
    await using world = await open();
    world.proxy.set({ method: "PATCH", path: patches, fault: cutAt(20 * mebibyte), times: 2 });
    const { items } = await world.publish("app:1");
    await assertArrived(world.registry, made);
    assert.ok((items[0]?.bytesSent ?? 0) < largest + 20 * mebibyte);
    assert.equal(world.saves(), 1);
  });

  it("an upload that it has forgotten begins again with another reading", async () => {
    await using world = await open();
    world.proxy.set(
      { method: "PATCH", path: patches, fault: cutAt(30 * mebibyte) },
      { method: "GET", path: patches, fault: { kind: "status", status: 404, body: "{}" } },
    );
    await world.publish("app:1");
    await assertArrived(world.registry, made);
    assert.equal(world.saves(), 2);
  });

  it("it is the registry's failure that is told, after some tries", async () => {
    await using world = await open(small);
    world.proxy.set({ method: "PATCH", times: 1000, fault: { kind: "status", status: 500, body: "{}" } });
    await assert.rejects(world.publish("app:1"), (error) => isRegctlError(error, "REGISTRY_ERROR"));
    assert.equal(await digestAt(world.registry, "app", "1"), null);
    assert.deepEqual(world.tagged, []);
  });

  it("parts are sent where large bodies are refused", async () => {
    await using world = await open(small);
    world.proxy.set({ path: patches, times: 1000, fault: { kind: "limit", bytes: 2 * mebibyte } });
    await world.publish("app:1");
    await assertArrived(world.registry, small);
    assert.ok(world.told.some((event) => event.event === "note" && event.note.includes("KiB")));
  });
});

describe("when it is interrupted", () => {
  it("the tag stays as it was, and another run goes on", async () => {
    await using world = await open();
    const person = new AbortController();
    world.proxy.set({ method: "PATCH", fault: { kind: "stall", side: "request", at: 20 * mebibyte } });
    const arrived = () => Math.max(0, ...world.proxy.requests.map(({ sent }) => sent.bytes));
    const running = world.publish("app:1", { signal: person.signal });
    const stalled = setInterval(() => {
      if (arrived() >= 19 * mebibyte) person.abort(new Error("enough"));
    }, 20);
    await assert.rejects(running, /enough/);
    clearInterval(stalled);
    assert.equal(await digestAt(world.registry, "app", "1"), null);
    world.proxy.set();
    const { items } = await world.publish("app:1");
    await assertArrived(world.registry, made);
    assert.ok((items[0]?.bytesSent ?? 0) < 35 * mebibyte, `${items[0]?.bytesSent} bytes`);
  });
});

/**
 * Every place where a registry or an engine can fail a publish, and how often: the image arrives all the same or the
 * error says what it was, no tag leads to anything incomplete, and the next plain run brings the image.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { isRegctlError } from "../../src/errors.ts";
import { makeBytes, makeImage, makeTar } from "../support/image-maker.ts";
import { openPublishWorld, type PublishWorldParts } from "../support/publish-world.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import {
  always,
  assertCode,
  breaks,
  cellLimits,
  describeFaults,
  lastingFaults,
  passingFaults,
  type Requests,
  says,
} from "../support/registry-faults.ts";
import { makeSavedTar, makeUnpacked, type UnpackedMade } from "../support/saved-tar.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { startTokenServer } from "../support/token-server.ts";
import { assertArrived, filesBelow } from "./arrived.ts";

const mebibyte = 1024 * 1024;
/** Layers of more than is kept to be sent again, and small ones. */
const large = makeUnpacked([makeTar({ large: makeBytes(12 * mebibyte, "cells") }), 3000], "cells");
const small = makeUnpacked([100_000, 3000], "small cells");
const largeTar = makeSavedTar("docker-28", large);

type Cell = PublishWorldParts & { readonly made: UnpackedMade };

async function open(made = small, tar = makeSavedTar("docker-28", made)): Promise<Cell> {
  const { id, diffIds, layers } = made;
  const size = layers.reduce((sum, { length }) => sum + length, 0);
  const images = [{ id, names: ["app:1"], diffIds, size, tar }];
  return { ...(await openPublishWorld({ images, speed: made === small ? 60 : 10 })), made };
}

const uploads = /blobs\/uploads\/$/;
const upload = /blobs\/uploads\/[^/?]+/;
const closing = /digest=/;
const manifest = /manifests\/1$/;
const other = `sha256:${"0".repeat(64)}`;
const middle = (kind: "cut" | "reset" | "half-close" | "stall", at: number) =>
  ({ kind, side: "request", at }) as const;

/** Where: which requests, from the first look at a tag to the last word. */
const places: Readonly<Record<string, Requests>> = {
  // With a GET where a HEAD is refused without a word.
  "the look at the tag": { path: manifest },
  "the look for a blob": { method: "HEAD", path: /blobs\/sha256/ },
  "the begin of an upload": { method: "POST", path: uploads },
  // A small one goes with its PUT in the end.
  "the body of a layer": { path: upload },
  "the end of an upload": { method: "PUT", path: closing },
  "the manifest": { method: "PUT", path: manifest },
};

/** The next plain run, after which nothing is left but what later runs know. */
async function assertMended(world: Cell): Promise<void> {
  world.proxy.set();
  await world.publish("app:1");
  await assertArrived(world.registry, world.made);
  const left = (await filesBelow(world.home)).filter((path) => !path.startsWith(".cache/regctl/layers/"));
  assert.deepEqual(left, []);
}

async function assertUntouched(world: Cell): Promise<void> {
  assert.equal(await digestAt(world.registry, "app", "1"), null);
  assert.deepEqual(world.tagged, []);
}

async function assertFails(world: Cell, code: ErrorCode): Promise<void> {
  await assertCode(world.publish("app:1"), code);
  await assertUntouched(world);
}

for (const [where, requests] of Object.entries(places)) {
  describeFaults(where, requests, {
    open: () => open(),
    go: (world) => world.publish("app:1"),
    untouched: assertUntouched,
    mended: assertMended,
    passing: passingFaults,
    lasting: { ...lastingFaults, "has a full disk (507)": [says(507, "UNKNOWN"), "REGISTRY_ERROR"] },
  });
}

/** The registry has understood, and only its answers never come. */
describe("hangs up before each answer, again and again:", { concurrency: 4 }, () => {
  const silent = { times: always, fault: breaks("cut") };
  for (const where of ["the look at the tag", "the look for a blob", "the begin of an upload"]) {
    it(`${where}: REGISTRY_UNREACHABLE`, cellLimits, async () => {
      await using world = await open();
      world.proxy.set({ ...places[where], ...silent });
      await assertFails(world, "REGISTRY_UNREACHABLE");
      await assertMended(world);
    });
  }

  for (const [where, method] of [
    ["the body of a layer", "PATCH"],
    ["the end of an upload", "PUT"],
  ] as const) {
    it(`${where}: what has arrived all the same is found`, cellLimits, async () => {
      await using world = await open();
      world.proxy.set({ ...places[where], method, ...silent });
      await world.publish("app:1");
      await assertMended(world);
    });
  }

  it("the manifest: REGISTRY_UNREACHABLE, and what the tag leads to is whole", cellLimits, async () => {
    await using world = await open();
    world.proxy.set({ ...places["the manifest"], method: "PUT", ...silent });
    await assert.rejects(world.publish("app:1"), (error) => isRegctlError(error, "REGISTRY_UNREACHABLE"));
    await assertArrived(world.registry, world.made);
    await assertMended(world);
  });
});

describe("in the middle of a layer", { concurrency: 4 }, () => {
  const body = { method: "PATCH", path: upload };
  for (const kind of ["cut", "reset", "half-close", "stall"] as const) {
    it(`${kind}: it goes on`, cellLimits, async () => {
      await using world = await open(large);
      world.proxy.set({ ...body, fault: middle(kind, 5 * mebibyte) });
      await world.publish("app:1");
      assert.equal(world.proxy.count(kind), 1);
      await assertMended(world);
    });
  }

  it("slow: it waits", cellLimits, async () => {
    await using world = await open(large);
    world.proxy.set({ ...body, fault: { kind: "slow", side: "request", bytesPerSecond: 8 * mebibyte } });
    await world.publish("app:1");
    await assertMended(world);
  });

  it(
    "a changed byte: the registry refuses what its digest does not fit, and it is sent again",
    cellLimits,
    async () => {
      await using world = await open(large);
      world.proxy.set({ ...body, fault: { kind: "flip", side: "request", at: mebibyte } });
      await world.publish("app:1");
      await assertMended(world);
    },
  );

  it("forgotten once (404 BLOB_UPLOAD_UNKNOWN): it begins again", cellLimits, async () => {
    await using world = await open();
    world.proxy.set({ method: "PUT", path: closing, fault: says(404, "BLOB_UPLOAD_UNKNOWN") });
    await world.publish("app:1");
    await assertMended(world);
  });

  it("forgotten again and again: NOT_FOUND", cellLimits, async () => {
    await using world = await open();
    world.proxy.set({
      method: "PUT",
      path: closing,
      times: always,
      fault: says(404, "BLOB_UPLOAD_UNKNOWN"),
    });
    await assertFails(world, "NOT_FOUND");
    await assertMended(world);
  });
});

describe("a registry that says other than it does", { concurrency: 4 }, () => {
  const created = (digest: string) => says(201, "", { "docker-content-digest": digest, location: "/v2/x" });

  it("names another digest of a blob: DIGEST_MISMATCH", cellLimits, async () => {
    await using world = await open();
    world.proxy.set({ method: "PUT", path: closing, times: always, fault: created(other) });
    await assertFails(world, "DIGEST_MISMATCH");
    await assertMended(world);
  });

  it("names another digest of the manifest: DIGEST_MISMATCH", cellLimits, async () => {
    await using world = await open();
    world.proxy.set({ method: "PUT", path: manifest, times: always, fault: created(other) });
    await assertFails(world, "DIGEST_MISMATCH");
    await assertMended(world);
  });

  it(
    "says that it has a blob, and has not: the manifest is refused, and no tag leads anywhere",
    cellLimits,
    async () => {
      await using world = await open();
      const there = { kind: "status", status: 201, headers: { location: "/v2/x" } } as const;
      world.proxy.set({ method: "PUT", path: closing, times: always, fault: there });
      await assertFails(world, "REGISTRY_ERROR");
      await assertMended(world);
    },
  );
});

describe("the engine", { concurrency: 4 }, () => {
  const places: Readonly<Record<string, number>> = {
    "before the first byte": 0,
    "in the middle of a layer": 6 * mebibyte,
    "between two layers": largeTar.indexOf(large.layers[1] ?? "") - 100,
  };
  for (const [where, at] of Object.entries(places)) {
    it(`is killed ${where}: ENGINE_UNREACHABLE`, cellLimits, async () => {
      await using world = await open(large);
      world.breakSaveAfter(at);
      await assertFails(world, "ENGINE_UNREACHABLE");
      await assertMended(world);
    });
  }

  it("saves another byte than it named: DIGEST_MISMATCH", cellLimits, async () => {
    const spoilt = Buffer.from(largeTar);
    const at = spoilt.indexOf(large.layers[0]?.subarray(0, 4096) ?? "") + 2 * mebibyte;
    spoilt.writeUInt8(spoilt.readUInt8(at) ^ 1, at);
    await using world = await open(large, spoilt);
    await assertFails(world, "DIGEST_MISMATCH");
  });

  it("saves less than the image: CONTENT_BROKEN", cellLimits, async () => {
    const half = makeUnpacked(large.layers.slice(1), "half");
    await using world = await open(large, makeSavedTar("docker-28", half));
    await assertFails(world, "CONTENT_BROKEN");
  });
});

describe("a token that runs out", { concurrency: 4, skip: withoutOpenssl }, () => {
  for (const where of [
    "the look for a blob",
    "the body of a layer",
    "the end of an upload",
    "the manifest",
  ]) {
    it(`before ${where}: another one is fetched, and it goes on`, cellLimits, async () => {
      await using authority = await createTlsAuthority();
      await using tokens = await startTokenServer({
        signer: await authority.issue(),
        issuer: "test",
        users: {},
      });
      await using world = await open(large);
      const challenge = `Bearer realm="${tokens.url}",service="test",scope="repository:app:pull,push"`;
      const fault = says(401, "UNAUTHORIZED", { "www-authenticate": challenge });
      world.proxy.set({ ...places[where], ...(where === "the manifest" ? { method: "PUT" } : {}), fault });
      await world.publish("app:1");
      assert.deepEqual([world.proxy.count("status"), world.saves()], [1, 1]);
      // Asked for no more than a request needs: pushing comes after looking.
      assert.match(tokens.requests.join("\n"), /^GET - repository:app:pull(,push)?$/m);
      await assertMended(world);
    });
  }
});

describe("somebody else", () => {
  it("takes the tag while the layers travel: with --no-overwrite it stays theirs", cellLimits, async () => {
    await using world = await open(large);
    const theirs = makeImage({ seed: "theirs" });
    world.proxy.set({
      method: "PATCH",
      path: upload,
      fault: { kind: "slow", side: "request", bytesPerSecond: 8 * mebibyte },
    });
    const running = world.publish("app:1", { overwrite: false });
    const refused = assert.rejects(running, (error) => isRegctlError(error, "TAG_TAKEN"));
    while (!world.proxy.requests.some(({ sent }) => sent.bytes > mebibyte)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await pushTree(world.registry, "app", ["1"], theirs);
    await refused;
    assert.equal(await digestAt(world.registry, "app", "1"), theirs.manifest.digest);
    await assertMended(world);
  });
});

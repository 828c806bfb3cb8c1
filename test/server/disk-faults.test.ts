/** Whatever operation on files fails, and wherever the process or the power ends: old or new, never half. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import type { StoreFiles } from "../../src/server/disk/files.ts";
import { collectGarbage } from "../../src/server/disk/gc.ts";
import { openDiskStorage } from "../../src/server/disk/open.ts";
import { verifyStorage } from "../../src/server/disk/verify.ts";
import { StorageFailure } from "../../src/server/storage.ts";
import { createClock } from "../../src/system/clock.ts";
import { createStoreFiles } from "../../src/system/store-files.ts";
import { type Facts, observe, observeAll, steps } from "./disk-scenario.ts";
import { createDiskWorld } from "./disk-world.ts";
import { type Fault, withFault } from "./fault-files.ts";
import { createVolatileFiles, type VolatileFiles } from "./volatile-files.ts";

const free = async () => ({ release: async () => {} });

function open(files: StoreFiles, root = "/registry"): Promise<DiskStorage> {
  return openDiskStorage(root, { files, holdFolder: free, clock: createClock(), emit: () => {} });
}

/** Every fact is one of the two, and those that do not change are as they are. */
function assertOldOrNew(actual: Facts, old: Facts, next: Facts, what: string): void {
  for (const [fact, value] of actual) {
    const allowed = [old.get(fact), next.get(fact)];
    assert.ok(
      allowed.includes(value),
      `${what}: ${fact} is\n${value}\ninstead of\n${allowed.join("\nor\n")}`,
    );
  }
}

/** Nothing is left over that a clean run would not leave. */
async function assertSound(storage: DiskStorage, what: string): Promise<void> {
  const report = await verifyStorage(storage);
  assert.deepEqual(report.damaged, [], what);
}

let expected: readonly Facts[] = [];
/** Operations of a whole run, the opening included. */
let operations: readonly string[] = [];
let opening = 0;
/** Names in the store at the end of a run. */
let stored: readonly string[] = [];

before(async () => {
  const memory = createVolatileFiles();
  const files = withFault(memory, { kind: "none" });
  const storage = await open(files);
  opening = files.operations.length;
  for (const step of steps) await step(storage);
  operations = [...files.operations];
  stored = (await memory.list("/registry/blobs/sha256")).toSorted();
  expected = await observeAll(await open(createVolatileFiles()));
});

const factsAfter = (step: number): Facts => expected[step] ?? new Map();

interface Run {
  readonly storage: DiskStorage | null;
  /** Steps that were acknowledged. */
  readonly done: number;
  readonly error: unknown;
}

/** Runs the steps until one fails. */
async function runUntilFailure(files: StoreFiles, root?: string): Promise<Run> {
  let storage: DiskStorage | null = null;
  let done = 0;
  try {
    storage = await open(files, root);
    for (const step of steps) {
      await step(storage);
      done += 1;
    }
    return { storage, done, error: null };
  } catch (error) {
    return { storage, done, error };
  }
}

/** What happened is old or new; then the rest of the steps succeeds, and the end is what it would have been. */
async function assertGoesOn(storage: DiskStorage, done: number, what: string): Promise<void> {
  // Garbage that could not be collected this time is no failure.
  const old = Math.min(done, steps.length - 1);
  assertOldOrNew(await observe(storage), factsAfter(old), factsAfter(old + 1), what);
  await assertSound(storage, what);
  for (const step of steps.slice(done)) await step(storage);
  await storage.expireUploads(-1);
  await collectGarbage(storage, { graceMs: 0 });
  assert.deepEqual(await observe(storage), factsAfter(steps.length), what);
  await assertSound(storage, what);
  await storage.close();
}

async function assertNothingLeft(files: StoreFiles, what: string): Promise<void> {
  assert.deepEqual(await files.list("/registry/tmp"), [], what);
  assert.deepEqual((await files.list("/registry/blobs/sha256")).toSorted(), stored, what);
}

test("the scenario is long enough to say something", () => {
  assert.ok(operations.length - opening > 150, String(operations.length));
  assert.notDeepEqual(factsAfter(0), factsAfter(steps.length));
});

describe("one operation fails", () => {
  const problems = { ENOSPC: "full", EIO: "failed", EROFS: "read-only" };
  for (const [code, problem] of Object.entries(problems)) {
    test(`with ${code}: it is told as ${problem}, reads go on, and the next attempt succeeds`, async () => {
      for (let at = opening + 1; at <= operations.length; at += 1) {
        const what = `${code} at ${at}: ${operations[at - 1]}`;
        const memory = createVolatileFiles();
        const { storage, done, error } = await runUntilFailure(
          withFault(memory, { kind: "error", at, code }),
        );
        assert.ok(storage !== null, what);
        // Some failures harm nobody: a mark of time, a file that is cleaned up later.
        if (error !== null)
          assert.ok(error instanceof StorageFailure && error.problem === problem, `${what}: ${error}`);
        await assertGoesOn(storage, error === null ? steps.length : done, what);
        const again = await open(memory);
        await collectGarbage(again, { graceMs: 0 });
        await again.close();
        await assertNothingLeft(memory, what);
      }
    });
  }

  test("writes that take one byte at a time are continued", async () => {
    const { storage, error } = await runUntilFailure(
      withFault(createVolatileFiles(), { kind: "short-writes", bytes: 1 }),
    );
    assert.equal(error, null);
    assert.ok(storage !== null);
    await assertGoesOn(storage, steps.length, "short writes");
  });
});

/** Runs up to operation `at`, and opens again what is there then. */
async function crashAt(
  at: number,
  happens: "no" | "yes" | "torn",
  cut: (files: VolatileFiles) => VolatileFiles,
) {
  const files = createVolatileFiles();
  const { done } = await runUntilFailure(withFault(files, { kind: "crash", at, happens }));
  const left = cut(files);
  const what = `crash (${happens}) at ${at}: ${operations[at - 1]}`;
  await assertGoesOn(await open(left), done, what);
  const again = await open(left);
  await collectGarbage(again, { graceMs: 0 });
  await assertNothingLeft(left, what);
}

describe("the process is killed", () => {
  for (const happens of ["no", "torn"] as const) {
    const where = happens === "no" ? "between two operations" : "in the middle of a write";
    test(`${where}: acknowledged is there, the rest is old or new`, async () => {
      for (let at = 1; at <= operations.length; at += 1) {
        if (happens === "torn" && !operations[at - 1]?.startsWith("write")) continue;
        await crashAt(at, happens, (files) => files);
      }
    });
  }

  test("on real files just so", async () => {
    for (let at = 1; at <= operations.length; at += 11) {
      await using world = await createDiskWorld();
      const fault: Fault = { kind: "crash", at, happens: "no" };
      const { done } = await runUntilFailure(withFault(createStoreFiles(), fault), world.path);
      await assertGoesOn(
        await world.open({ holdFolder: free }),
        done,
        `crash at ${at}: ${operations[at - 1]}`,
      );
    }
  });
});

/** The same choices in every run (Tommy Ettinger's mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("the power goes", () => {
  const choices: Readonly<Record<string, () => () => number>> = {
    "all that was not synced is lost": () => () => 0,
    "all was written before its time": () => () => 0.6,
    "part is there, by chance (1)": () => chance(1),
    "part is there, by chance (2)": () => chance(2),
    "part is there, by chance (3)": () => chance(3),
  };
  for (const [name, choose] of Object.entries(choices)) {
    test(`${name}: acknowledged is there, the rest is old or new`, async () => {
      const pick = choose();
      for (let at = 1; at <= operations.length; at += 1) {
        await crashAt(at, "yes", (files) => files.cut(pick));
      }
    });
  }
});

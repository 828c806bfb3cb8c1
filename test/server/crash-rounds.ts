/** Rounds of many pushers and one kill -9: shared by the test, which takes seconds, and the soak, which takes minutes. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../fuzz/mutate.ts";
import { makeBytes } from "../support/image-maker.ts";
import { openPlainClient } from "../support/plain-http.ts";
import { runOver, type Served, type ServedOptions, startServed } from "../support/served-registry.ts";
import { assertKept, assertResumed } from "./crash-check.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { push } from "./pusher.ts";

export interface CrashOptions extends ServedOptions {
  readonly seed: number;
  readonly pushers: number;
  /** Whether there is one more; `round` counts from 0. */
  readonly more: (round: number) => boolean;
  /** Acknowledgements before the kill, at least and at most. */
  readonly acknowledgements: readonly [number, number];
  readonly mostBytes: number;
}

export interface CrashSummary {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Blobs and manifests that were there at the last look. */
  readonly there: number;
  /** Uploads that were cut off by a kill and went on. */
  readonly resumed: number;
}

const repositories = ["team/app", "team/base", "solo", "deep/er/down"];

export async function crashInRounds(options: CrashOptions): Promise<CrashSummary> {
  const { seed, acknowledgements, more } = options;
  const [fewest, most] = acknowledgements;
  const random = seeded(seed);
  const ledger = createLedger();
  let [round, resumed, there] = [0, 0, 0];
  for (; more(round); round += 1) {
    await using served = await startServed(options);
    const wanted = ledger.count() + fewest + random(most - fewest);
    await pushUntilKilled(served, ledger, options, { round, wanted, delayMs: random(30) });
    await using again = await startServed(options);
    assert.deepEqual(await readdir(join(options.storage, "tmp")), [], "something is left in tmp");
    using client = openPlainClient(again.host);
    const verified = await runOver(options, "verify");
    assert.equal(verified.code, 0, `seed ${seed}, round ${round}: ${verified.stdout}${verified.stderr}`);
    assert.equal(JSON.parse(verified.stdout).ok, true);
    there = await assertKept(client, ledger);
    resumed += await assertResumed(client, ledger);
    assert.equal(again.log(), "");
  }
  return { rounds: round, acknowledged: ledger.count(), there, resumed };
}

interface Round {
  readonly round: number;
  /** Acknowledgements before the kill. */
  readonly wanted: number;
  readonly delayMs: number;
}

async function pushUntilKilled(
  served: Served,
  ledger: Ledger,
  { seed, pushers, mostBytes }: CrashOptions,
  { round, wanted, delayMs }: Round,
): Promise<void> {
  using client = openPlainClient(served.host);
  const shared = Array.from({ length: 4 }, (_, index) => makeBytes(30_000 << index, `shared ${index}`));
  let killed = false;
  const work = Array.from({ length: pushers }, async (_, index) => {
    const turned = repositories.map((_, at) => repositories[(at + index) % repositories.length] ?? "");
    const random = seeded(seed + 1000 * round + index);
    const name = `p${index}r${round}`;
    const pusher = { client, ledger, random, name, repositories: turned, shared, mostBytes };
    try {
      await push(pusher, () => killed);
    } catch (error) {
      // Whoever is cut off by the kill has nothing to tell.
      if (!killed) throw error;
    }
  });
  const kill = async () => {
    while (ledger.count() < wanted && served.alive() && !killed) await sleep(5);
    await sleep(delayMs);
    assert.ok(served.alive(), `the server ended by itself: ${served.log()}`);
    killed = true;
    await served.kill();
  };
  const failed = (error: unknown) => {
    killed = true;
    throw error;
  };
  await Promise.all([kill(), ...work.map((one) => one.catch(failed))]);
}

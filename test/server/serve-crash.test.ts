import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createTempHome } from "../support/temp-home.ts";
import { crashInRounds } from "./crash-rounds.ts";

test("kill -9 under 16 pushers, again and again: what was acknowledged is there, and uploads go on", async () => {
  await using home = await createTempHome();
  const rounds = 6;
  const summary = await crashInRounds({
    home: home.path,
    storage: join(home.path, "registry"),
    seed: 20_261_123,
    pushers: 16,
    more: (round) => round < rounds,
    acknowledgements: [40, 160],
    mostBytes: 2_000_000,
  });
  assert.equal(summary.rounds, rounds);
  assert.ok(summary.acknowledged >= rounds * 40, JSON.stringify(summary));
  assert.ok(summary.there > 0 && summary.resumed > 0, JSON.stringify(summary));
});

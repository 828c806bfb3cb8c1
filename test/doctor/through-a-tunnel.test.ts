/** A registry that is reached through a tunnel of ours: while it is up, and when it is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { runCli } from "../support/run-cli.ts";
import { itemsOf } from "../support/test-cli.ts";
import { openTunnelPerson } from "../support/tunnel-person.ts";

test("a tunnel is named while it is up, and the command that opens it again afterwards", async () => {
  await using registry = await startOwnRegistry();
  await using person = await openTunnelPerson();
  const opened = await person.document(
    "tunnel",
    person.spec,
    "--to",
    registry.host,
    "--detach",
    "--ssh",
    "node",
  );
  const name = String(itemsOf(opened)[0]?.registry);
  const look = async (): Promise<DoctorOutcome> => {
    const words = ["doctor", name, "--json", "--progress", "none"];
    return JSON.parse((await runCli(words, { env: person.env, timeoutMs: 60_000 })).stdout);
  };
  const up = await look();
  const found = (outcome: DoctorOutcome, id: string) => outcome.checks.find((check) => check.id === id);
  assert.equal(found(up, "tunnel")?.status, "ok", JSON.stringify(up, null, 1));
  assert.equal(found(up, "tcp")?.status, "ok");
  await person.document("tunnel", "stop", "--all");
  const down = await look();
  assert.equal(found(down, "tunnel"), undefined);
  assert.equal(found(down, "tcp")?.status, "failed");
  assert.match(
    found(down, "tcp")?.remedies?.[0] ?? "",
    /^regctl tunnel tester@127\.0\.0\.1:\d+ --to 127\.0\.0\.1:\d+$/,
  );
});

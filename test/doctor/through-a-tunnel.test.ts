/** A registry that is reached through a tunnel of ours: while it is up, and when it is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { startDoctorEngine } from "../support/doctor-world.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { runCli } from "../support/run-cli.ts";
import { itemsOf } from "../support/test-cli.ts";
import { openTunnelPerson, type TunnelPerson } from "../support/tunnel-person.ts";

/** An engine that answers, so that nothing comes before the tunnel. */
async function openEngine() {
  const engine = await startDoctorEngine({});
  return {
    env: { DOCKER_HOST: `unix://${engine.socketPath}` },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

async function openTunnelOf(person: TunnelPerson, registry: string): Promise<string> {
  const words = ["tunnel", person.spec, "--to", registry, "--detach", "--ssh", "node"];
  return String(itemsOf(await person.document(...words))[0]?.registry);
}

async function doctor(person: TunnelPerson, ...words: readonly string[]): Promise<DoctorOutcome> {
  const line = ["doctor", ...words, "--ssh", "node", "--json", "--progress", "none"];
  return JSON.parse((await runCli(line, { env: person.env, timeoutMs: 60_000 })).stdout);
}

const found = (outcome: DoctorOutcome, id: string) => outcome.checks.find((check) => check.id === id);

test("a tunnel is named while it is up, and the command that opens it again afterwards", async () => {
  await using registry = await startOwnRegistry();
  await using engine = await openEngine();
  await using person = await openTunnelPerson({ env: engine.env });
  const name = await openTunnelOf(person, registry.host);
  const up = await doctor(person, name);
  assert.equal(found(up, "tunnel")?.status, "ok", JSON.stringify(up, null, 1));
  assert.equal(found(up, "tcp")?.status, "ok");
  await person.document("tunnel", "stop", "--all");
  const down = await doctor(person, name);
  assert.equal(found(down, "tunnel"), undefined);
  assert.deepEqual([found(down, "tcp")?.status, down.cause?.code], ["failed", "NOT_RUNNING"]);
  assert.match(
    down.cause?.remedies[0] ?? "",
    /^regctl tunnel tester@127\.0\.0\.1:\d+ --to 127\.0\.0\.1:\d+ --detach$/,
  );
  const there = await doctor(person, name, "--on", person.spec);
  assert.notEqual(there.cause?.code, "NOT_RUNNING", "a tunnel of this machine leads nowhere from another");
});

test("--fix opens it again: asked first, and everything is looked at through it", async () => {
  await using registry = await startOwnRegistry();
  await using engine = await openEngine();
  await using person = await openTunnelPerson({ env: engine.env });
  const name = await openTunnelOf(person, registry.host);
  await person.document("tunnel", "stop", "--all");
  const asking = ["doctor", name, "--fix", "--ssh", "node", "--json", "--progress", "none"];
  const unanswered = await runCli(asking, { env: person.env, timeoutMs: 60_000 });
  assert.deepEqual([unanswered.code, JSON.parse(unanswered.stdout).error?.code], [2, "MISSING_ANSWER"]);
  assert.deepEqual(itemsOf(await person.document("tunnel", "list")), [], "nothing was started unasked");
  const fixed = await doctor(person, name, "--fix", "--yes");
  assert.equal(fixed.ok, true, JSON.stringify(fixed, null, 1));
  assert.match(fixed.fixed?.join() ?? "", /^regctl tunnel tester@127\.0\.0\.1:\d+ --to \S+ --detach$/);
  assert.equal(found(fixed, "tunnel")?.status, "ok");
  const [tunnel, ...others] = itemsOf(await person.document("tunnel", "list"));
  assert.deepEqual([tunnel?.registry, tunnel?.healthy, others], [name, true, []]);
});

test("the default that came from a tunnel is looked at while it is down, alone and in front of an image", async () => {
  await using registry = await startOwnRegistry();
  await using engine = await openEngine();
  await using person = await openTunnelPerson({ env: engine.env });
  const name = await openTunnelOf(person, registry.host);
  await person.document("tunnel", "stop", "--all");
  for (const words of [[], ["team/app:1"]]) {
    const down = await doctor(person, ...words);
    assert.deepEqual([down.registry, down.cause?.code], [name, "NOT_RUNNING"]);
  }
  const fixed = await doctor(person, "--fix", "--yes");
  assert.deepEqual([fixed.registry, fixed.ok, fixed.fixed?.length], [name, true, 1]);
});

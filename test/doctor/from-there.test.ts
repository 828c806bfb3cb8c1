/** `doctor --on`: looked at from another host, over SSH, by its names and its streams. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { CheckOutcome, DoctorOutcome } from "../../src/doctor/outcome.ts";
import { findClosedPort } from "../support/doctor-world.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { runCli } from "../support/run-cli.ts";
import { startTinyRegistry } from "../support/tiny-registry.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { openTunnelPerson, type TunnelPerson } from "../support/tunnel-person.ts";

/** What is said of the way to the registry; the engine of this machine is not the test's. */
async function lookFrom(
  person: TunnelPerson,
  ...args: readonly string[]
): Promise<ReadonlyMap<string, CheckOutcome>> {
  const words = ["doctor", ...args, "--on", person.spec, "--ssh", "node", "--json", "--progress", "none"];
  const { stdout, stderr } = await runCli(words, { env: person.env, timeoutMs: 60_000 });
  const { checks }: DoctorOutcome = JSON.parse(stdout);
  assert.ok(
    checks.every(({ host }) => host === person.spec),
    stderr,
  );
  return new Map(checks.map((check) => [check.id, check]));
}

test("a registry that is healthy, with an upload that is cancelled", async () => {
  await using person = await openTunnelPerson();
  await using registry = await startOwnRegistry();
  const found = await lookFrom(person, registry.host, "--write", "--insecure");
  for (const id of ["tcp", "protocol", "api", "login", "pull", "catalog", "delete", "push", "upload-size"]) {
    assert.equal(found.get(id)?.status, "ok", `${id}: ${found.get(id)?.message}`);
  }
});

test("a certificate, by the authority that is named here", { skip: withoutOpenssl }, async () => {
  await using person = await openTunnelPerson();
  await using authority = await createTlsAuthority();
  await using registry = await startTinyRegistry({ tls: await authority.issue() });
  const named = await lookFrom(person, registry.host, "--ca", authority.caPath);
  assert.equal(named.get("certificate-chain")?.status, "ok");
  assert.equal(named.get("login")?.status, "ok");
  const other = `${person.home}/other.pem`;
  await using stranger = await createTlsAuthority("Stranger");
  await writeFile(other, stranger.ca);
  const unnamed = await lookFrom(person, registry.host, "--ca", other);
  assert.equal(unnamed.get("certificate-chain")?.status, "failed");
  assert.equal(unnamed.get("api")?.hangsOn, "certificate-chain");
});

test("a port that nobody listens at there, and a name that nobody has there", async () => {
  await using person = await openTunnelPerson();
  const closed = await lookFrom(person, `127.0.0.1:${await findClosedPort()}`);
  assert.deepEqual([closed.get("tcp")?.status, closed.get("tcp")?.code], ["failed", "REGISTRY_UNREACHABLE"]);
  const unknown = await lookFrom(person, "no-such-name.invalid:5000");
  assert.equal(unknown.get("name")?.status, "failed");
  assert.match(unknown.get("name")?.code ?? "", /^NAME_(UNKNOWN|UNANSWERED)$/);
});

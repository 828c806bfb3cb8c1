import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { namesOf } from "../../../src/server/tls/names.ts";
import { openSelfSigned } from "../../../src/server/tls/self-signed.ts";
import { createFiles } from "../../../src/system/files.ts";
import { createTempHome } from "../../support/temp-home.ts";

const files = createFiles();
const dayMs = 24 * 60 * 60 * 1000;
const at = (days: number) => ({
  files,
  clock: { now: () => new Date(Date.UTC(2026, 10, 1) + days * dayMs) },
});

test("the authority is made once, kept from others, and signs whatever comes later", async () => {
  await using home = await createTempHome();
  const folder = join(home.path, "tls");
  const first = await openSelfSigned(folder, ["reg.test"], at(0));
  const second = await openSelfSigned(folder, ["127.0.0.1", "::1", "2001:db8::1:0"], at(400));
  assert.deepEqual([first.fresh, second.fresh], [true, false]);
  assert.equal(first.fingerprint, second.fingerprint);
  assert.equal((await stat(join(folder, "ca-key.pem"))).mode & 0o777, 0o600);
  const ca = new X509Certificate((await files.read(first.caPath)) ?? "");
  assert.equal(ca.ca, true);
  for (const { identity } of [first, second]) {
    const server = new X509Certificate(identity.certificate);
    assert.equal(server.verify(ca.publicKey) && server.checkIssued(ca), true);
    assert.equal(server.ca, false);
    assert.deepEqual(server.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    const days = (server.validToDate.getTime() - server.validFromDate.getTime()) / dayMs;
    assert.ok(days <= 398, `${days} days`);
  }
  const server = new X509Certificate(second.identity.certificate);
  for (const address of ["127.0.0.1", "::1", "2001:db8::1:0"]) assert.equal(server.checkIP(address), address);
  assert.equal(server.checkIP("127.0.0.2"), undefined);
  assert.equal(new X509Certificate(first.identity.certificate).checkHost("reg.test"), "reg.test");
});

test("it is made anew before it could end under a server", async () => {
  await using home = await createTempHome();
  const first = await openSelfSigned(home.path, ["a"], at(0));
  assert.ok(first.renewAt > at(300).clock.now() && first.renewAt < at(397).clock.now());
  const late = await openSelfSigned(home.path, ["a"], at(3560));
  assert.equal(late.fresh, false);
  const server = new X509Certificate(late.identity.certificate);
  const ca = new X509Certificate((await files.read(late.caPath)) ?? "");
  assert.ok(server.validToDate <= ca.validToDate);
  assert.equal((await openSelfSigned(home.path, ["a"], at(3640))).fresh, true);
});

test("an authority that cannot be read is not replaced unasked", async () => {
  await using home = await createTempHome();
  const { caPath } = await openSelfSigned(home.path, ["a"], at(0));
  await files.write(join(home.path, "ca-key.pem"), "broken");
  await assert.rejects(openSelfSigned(home.path, ["a"], at(1)), (error) =>
    isRegctlError(error, "STATE_UNREADABLE"),
  );
  await openSelfSigned(join(home.path, "other"), ["a"], at(0));
  await files.write(
    join(home.path, "ca-key.pem"),
    (await files.read(join(home.path, "other/ca-key.pem"))) ?? "",
  );
  await assert.rejects(openSelfSigned(home.path, ["a"], at(1)), (error) =>
    isRegctlError(error, "STATE_UNREADABLE"),
  );
  assert.notEqual(await files.read(caPath), null);
});

test("names: the one listened at first, every address once, none that means something else elsewhere", () => {
  const machine = {
    hostname: "Web1.example.org",
    addresses: ["127.0.0.1", "10.0.0.5", "fe80::1", "2001:db8::5", "10.0.0.5"],
  };
  const names = namesOf("reg.test", machine);
  assert.deepEqual(names, [
    ...["reg.test", "web1.example.org", "web1", "localhost", "host.docker.internal"],
    ...["127.0.0.1", "10.0.0.5", "2001:db8::5", "::1"],
  ]);
  assert.equal(namesOf("0.0.0.0", machine).includes("0.0.0.0"), false);
  assert.equal(namesOf("a", { hostname: "bad_host!", addresses: [] }).includes("bad_host!"), false);
  const many = Array.from({ length: 500 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  assert.equal(namesOf("a", { hostname: "h", addresses: many }).length, 64);
});

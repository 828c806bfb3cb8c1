import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { isRegctlError } from "../../../src/errors.ts";
import { namesOf } from "../../../src/server/tls/names.ts";
import { openSelfSigned } from "../../../src/server/tls/self-signed.ts";
import { createClock } from "../../../src/system/clock.ts";
import { createFiles } from "../../../src/system/files.ts";
import { createTempHome } from "../../support/temp-home.ts";
import { withoutOpenssl } from "../../support/tls-authority.ts";

const run = promisify(execFile);
const systemClock = createClock();
const files = createFiles();
const dayMs = 24 * 60 * 60 * 1000;
const at = (days: number) => ({
  files,
  clock: { ...systemClock, now: () => new Date(Date.UTC(2026, 10, 1) + days * dayMs) },
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

test("several that start for the first time at once have one authority", async () => {
  await using home = await createTempHome();
  const folder = join(home.path, "tls");
  const open = () => openSelfSigned(folder, ["a"], { files, clock: systemClock });
  const made = await Promise.all(Array.from({ length: 8 }, open));
  const [{ fingerprint }] = [await open()];
  for (const each of made) assert.equal(each.fingerprint, fingerprint);
  assert.equal(made.filter(({ fresh }) => fresh).length, 1);
});

test("openssl takes it at its strictest, today and beyond 2049", { skip: withoutOpenssl }, async () => {
  await using home = await createTempHome();
  const longName = `${"a".repeat(63)}.${"b".repeat(63)}`;
  for (const days of [0, 8400]) {
    const folder = join(home.path, String(days));
    const { identity, caPath } = await openSelfSigned(folder, [longName, "2001:db8::5"], at(days));
    const path = join(folder, "server.pem");
    await writeFile(path, identity.certificate);
    const when = String(
      at(days + 1)
        .clock.now()
        .getTime() / 1000,
    );
    const strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-attime", when, "-CAfile", caPath];
    for (const name of [
      ["-verify_hostname", longName],
      ["-verify_ip", "2001:db8::5"],
    ]) {
      assert.match((await run("openssl", [...strict, ...name, path])).stdout, /: OK\n$/);
    }
    const { stdout } = await run("openssl", ["asn1parse", "-in", path]);
    assert.equal(/GENERALIZEDTIME\s+:20/.test(stdout), days > 0);
    assert.ok(stdout.includes(`UTF8STRING        :${longName.slice(0, 64)}\n`));
  }
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

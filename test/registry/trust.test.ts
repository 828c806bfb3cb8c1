import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import type { Files, ProgressEvent } from "../../src/ports.ts";
import { isListed } from "../../src/registry/insecure-list.ts";
import { isLoopbackHost } from "../../src/registry/loopback.ts";
import { readTrust, trustFolders } from "../../src/registry/trust.ts";
import { createFiles } from "../../src/system/files.ts";
import { createTempHome } from "../support/temp-home.ts";

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

/** Files below a folder of the test, `/etc` included. */
function below(root: string): Files {
  const files = createFiles();
  return {
    ...files,
    read: (path) => files.read(join(root, path)),
    list: (path) => files.list(join(root, path)),
  };
}

async function setUp(content: Readonly<Record<string, string>>) {
  const home = await createTempHome();
  for (const [path, text] of Object.entries(content)) {
    await mkdir(join(home.path, path, ".."), { recursive: true });
    await writeFile(join(home.path, path), text);
  }
  const told: string[] = [];
  const emit = (event: ProgressEvent) => told.push(event.event === "warning" ? event.warning : event.event);
  const world = { files: below(home.path), environment: {}, home: "/home/u", emit };
  return { world, told, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

const registry = "r.test:5000";

test("authorities and identities of Docker's and Podman's folders, by the registry's spelling", async () => {
  await using lab = await setUp({
    "/etc/docker/certs.d/r.test:5000/ca.crt": pem("docker"),
    "/etc/docker/certs.d/r.test:5000/me.cert": pem("me"),
    "/etc/docker/certs.d/r.test:5000/me.key": pem("my key"),
    "/etc/docker/certs.d/r.test/ca.crt": pem("another port"),
    "/etc/containers/certs.d/r.test:5000/x.crt": pem("podman"),
    "/home/u/.config/docker/certs.d/r.test:5000/y.crt": pem("own"),
    "/home/u/.config/containers/certs.d/r.test:5000/z.crt": pem("own podman"),
    "/etc/ssl/certs/ca-certificates.crt": pem("system"),
    "/given.pem": pem("given"),
  });
  assert.deepEqual(await readTrust({ registry, ca: "/given.pem", verify: true }, lab.world), {
    verify: true,
    system: pem("system"),
    authorities: [pem("given"), pem("docker"), pem("own"), pem("own podman"), pem("podman")],
    identities: [{ certificate: pem("me"), key: pem("my key") }],
  });
  assert.deepEqual(lab.told, []);
});

test("the environment may name the system's authorities, and more for Node", async () => {
  await using lab = await setUp({
    "/etc/ssl/certs/ca-certificates.crt": pem("system"),
    "/mine.pem": pem("mine"),
    "/extra.pem": pem("extra"),
  });
  const environment = { SSL_CERT_FILE: "/mine.pem", NODE_EXTRA_CA_CERTS: "/extra.pem" };
  const trust = await readTrust({ registry, ca: null, verify: true }, { ...lab.world, environment });
  assert.deepEqual([trust.system, trust.authorities], [pem("mine"), [pem("extra")]]);
  const unverified = await readTrust({ registry, ca: null, verify: false }, { ...lab.world, environment });
  assert.deepEqual([unverified.system, unverified.authorities], [null, []]);
});

test("what is wrong in the folders is said, and the rest is used", async () => {
  await using lab = await setUp({
    "/etc/docker/certs.d/r.test:5000/ca.cert": pem("named as a client's"),
    "/etc/docker/certs.d/r.test:5000/der.crt": "\u0030\u0082",
    "/etc/docker/certs.d/r.test:5000/good.crt": pem("good"),
  });
  const trust = await readTrust({ registry, ca: null, verify: true }, lab.world);
  assert.deepEqual(trust.authorities, [pem("good")]);
  assert.match(lab.told[0] ?? "", /ca\.cert has no ca\.key beside it\. A CA is named \*\.crt/);
  assert.match(lab.told[1] ?? "", /der\.crt is not used: it is not in PEM form/);
});

for (const [path, problem] of [
  ["/none.pem", /there is no file/],
  ["/odd.pem", /no certificate/],
] as const) {
  test(`--ca ${path} is wrong usage`, async () => {
    await using lab = await setUp({ "/odd.pem": "hello" });
    await assert.rejects(readTrust({ registry, ca: path, verify: true }, lab.world), (error) => {
      assert.ok(isRegctlError(error, "USAGE"));
      assert.match(error.facts.problem, problem);
      return true;
    });
  });
}

test("XDG_CONFIG_HOME moves the user's folders", () => {
  assert.deepEqual(trustFolders("r", { environment: { XDG_CONFIG_HOME: "/x" }, home: "/h" }).slice(1, 3), [
    "/x/docker/certs.d/r",
    "/x/containers/certs.d/r",
  ]);
});

test("an engine's list covers by name, and by network", () => {
  const entries = ["r.test:5000", "10.0.0.0/8", "fd00::/8"];
  const covers = (name: string, addresses: readonly string[]) =>
    isListed({ registry: name, addresses, entries });
  assert.equal(covers("r.test:5000", []), true);
  assert.equal(covers("r.test", []), false);
  assert.equal(covers("x:1", ["192.0.2.1", "10.9.8.7"]), true);
  assert.equal(covers("x:1", ["11.0.0.1"]), false);
  assert.equal(covers("x:1", ["fd12::1"]), true);
});

test("what never leaves this machine", () => {
  const inside = ["localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "[::1]", "::1", "LOCALHOST"];
  const outside = ["localhost.test", "128.0.0.1", "[::2]", "127.0.0.1.test", "0.0.0.0"];
  assert.deepEqual(inside.filter(isLoopbackHost), inside);
  assert.deepEqual(outside.filter(isLoopbackHost), []);
});

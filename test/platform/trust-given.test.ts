/** What people name behind `setup trust`: registries in every spelling, and files as they come. */
import assert from "node:assert/strict";
import { mkdir, readFile, readlink, symlink } from "node:fs/promises";
import { describe, test } from "node:test";
import { applyEdit } from "../../src/platform/host-files.ts";
import { readHostFiles } from "../../src/platform/look-at.ts";
import { planTrust } from "../../src/platform/plan-trust.ts";
import { systemd } from "../../src/platform/platforms/systemd.ts";
import { parseCertificates } from "../../src/platform/trust/certificate.ts";
import { pathsToLookAt, planCertificateFiles } from "../../src/platform/trust/certificate-files.ts";
import { findFlaw } from "../../src/platform/trust/judge-leaf.ts";
import { readTrustFiles } from "../../src/platform/trust/trust-files.ts";
import { judgeTrusted } from "../../src/platform/trust/trusted-name.ts";
import { openDoctorWorld } from "../support/doctor-world.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { hostFacts } from "./hosts.ts";
import { refusal } from "./planning.ts";
import { certificate, requestsFor } from "./requests.ts";

describe("a registry that is to be trusted", () => {
  test("an address of IPv6 has brackets, for so images write it", () => {
    const bare = judgeTrusted("2001:DB8::1");
    assert.equal(bare.registry, "[2001:db8::1]");
    assert.match(bare.said.at(-1) ?? "", /^taken as \[2001:db8::1\], for so images write/);
    const spelled = judgeTrusted("[2001:db8::1]:5000");
    assert.deepEqual([spelled.registry, spelled.port, spelled.said], ["[2001:db8::1]:5000", 5000, []]);
  });

  test("a network has no certificate", () => {
    for (const network of ["10.0.0.0/8", "fd00::/8"]) refusal("BAD_REGISTRY", () => judgeTrusted(network));
  });

  test("the folder of an address of IPv6 is spelled as its images are", () => {
    const { trust } = requestsFor("[2001:db8::1]:5000");
    const plan = planTrust({
      ...{ request: trust, facts: hostFacts(), platform: systemd, evidence: [], standing: [] },
      ...{ certsFolder: "/etc/docker/certs.d", before: "trust", leadsInto: null },
    });
    assert.equal(plan.path, "/etc/docker/certs.d/[2001:db8::1]:5000/ca.crt");
  });
});

describe("the file of --ca", { skip: withoutOpenssl }, () => {
  /** The certificates of a file with this content, or the problem that is told. */
  async function given(content: string | Buffer): Promise<readonly string[] | string> {
    await using world = await openDoctorWorld({ info: null });
    const { files } = world.world;
    await files.write(`${world.home}/ca.pem`, content, { mode: 0o600 });
    const flags = { cwd: world.home, ca: "ca.pem" };
    const read = readTrustFiles(flags, world.world);
    return await read.then(
      ({ authorities }) => authorities?.certificates.map(({ pem }) => pem) ?? [],
      ({ facts }) => facts.problem,
    );
  }

  test("a private key beside the certificates goes nowhere, and what stands twice counts once", async () => {
    await using authority = await createTlsAuthority();
    const { key, cert } = await authority.issue();
    const [own] = parseCertificates(Buffer.from(authority.ca));
    const windows = authority.ca.replaceAll("\n", "\r\n");
    assert.deepEqual(await given(`${key}${windows}${authority.ca}`), [own?.pem]);
    assert.equal((await given(`${authority.ca}${cert}`)).length, 2);
    const der = Buffer.from(authority.ca.replace(/-----[^-]+-----|\s/g, ""), "base64");
    assert.deepEqual(await given(der), [own?.pem]);
  });

  test("what is none is told from what is damaged, and from a key", async () => {
    await using authority = await createTlsAuthority();
    const { key } = await authority.issue();
    assert.match(String(await given(key)), /^it holds a private key and no certificate/);
    const damaged = authority.ca.replace(/\n.{8}/, "\nAAAAAAAA");
    assert.match(String(await given(damaged)), /^a certificate in it is damaged$/);
    for (const other of ["", "words", "-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n"]) {
      assert.match(String(await given(other)), /^it holds no certificate, in PEM or DER$/);
    }
  });
});

test("a certificate of many names is told by the first of them", { skip: withoutOpenssl }, async () => {
  await using authority = await createTlsAuthority();
  const names = Array.from({ length: 40 }, (_, index) => `DNS:host${index}.test`);
  const [leaf] = parseCertificates(Buffer.from((await authority.issue({ names })).cert));
  assert.ok(leaf);
  const now = leaf.notBefore + 1;
  const flaw = findFlaw({ leaf, host: "reg.test", hostNow: now, ourNow: now });
  assert.match(flaw?.problem ?? "", /host0\.test, .*host4\.test and 35 more names, and not for reg\.test$/);
});

const asRoot = process.getuid?.() === 0 ? false : "files of root are written";

test("certs.d that is a symbolic link stays one, and its folder is what is written", {
  skip: asRoot,
}, async () => {
  await using world = await openDoctorWorld({ info: null });
  const certsFolder = `${world.home}/docker/certs.d`;
  await mkdir(`${world.home}/store`);
  await mkdir(`${world.home}/docker`);
  await symlink(`${world.home}/store`, certsFolder);
  const { trust } = requestsFor("registry.example:5000");
  const host = await world.world.localHost();
  const look = async () => ({
    ...hostFacts(),
    files: await readHostFiles(host, pathsToLookAt(certsFolder, "registry.example:5000")),
  });
  const plan = async () =>
    planCertificateFiles({ request: trust, facts: await look(), certsFolder, standing: [] });
  const [phase] = (await plan()).phases;
  assert.deepEqual(
    phase?.edits.map(({ path, folders }) => [path, folders]),
    [[`${certsFolder}/registry.example:5000/ca.crt`, [`${certsFolder}/registry.example:5000`]]],
  );
  for (const edit of phase?.edits ?? []) await applyEdit(host, edit);
  assert.equal(await readlink(certsFolder), `${world.home}/store`);
  const written = await readFile(`${world.home}/store/registry.example:5000/ca.crt`, "utf8");
  assert.equal(written, certificate().pem);
});

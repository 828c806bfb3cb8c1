/** On a healthy system doctor finds nothing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { openDoctorWorld } from "../support/doctor-world.ts";
import { startProxy } from "../support/http-proxy.ts";
import { makeImage } from "../support/image-maker.ts";
import { listenWith } from "../support/listening-registry.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { pushTree } from "../support/registry-content.ts";
import { openTestClient } from "../support/registry-world.ts";
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { startTokenServer } from "../support/token-server.ts";

function assertHealthy(outcome: DoctorOutcome, ...present: readonly string[]): void {
  const wrong = outcome.checks.filter(({ status }) => status === "failed" || status === "warning");
  assert.deepEqual(wrong, []);
  assert.equal(outcome.ok, true);
  assert.equal(outcome.cause, null);
  const good = outcome.checks.filter(({ status }) => status === "ok").map(({ id }) => id);
  for (const id of ["engine", "tcp", "protocol", "api", "login", "engine-asks", ...present]) {
    assert.ok(good.includes(id), `${id} is not among ${good.join(", ")}`);
  }
}

describe("a healthy registry", { concurrency: 2 }, () => {
  test("of our own, by plain HTTP on loopback, with a push that is cancelled", async () => {
    await using registry = await startOwnRegistry();
    await using world = await openDoctorWorld();
    const outcome = await world.examine(registry.host, { write: true });
    assertHealthy(outcome, "pull", "catalog", "delete", "push", "upload-address", "upload-size");
  });

  test("with an image that is there, and nothing of the upload is left", async () => {
    await using registry = await startOwnRegistry();
    await using opened = await openTestClient(registry.host);
    await pushTree(registry.host, "team/app", ["1.0"], makeImage({ seed: "doctor" }));
    await using world = await openDoctorWorld();
    const outcome = await world.examine(`${registry.host}/team/app:1.0`, { write: true });
    assertHealthy(outcome, "pull");
    const names: string[] = [];
    for await (const { entries } of opened.client.catalogPages()) names.push(...entries);
    assert.deepEqual(names, ["team/app"]);
  });

  test("by TLS, its authority in the folder that the engine reads", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    const storage = createMemoryStorage();
    const { cert: certificate, key } = await authority.issue({ names: ["DNS:registry.test"] });
    const tls = { certificate, key };
    await using registry = await listenWith(createRegistry({ storage }), { tls });
    // The engine takes what resolves to loopback for insecure; this one does not.
    const info = { RegistryConfig: { InsecureRegistryCIDRs: [], IndexConfigs: {} } };
    await using world = await openDoctorWorld({ info });
    const given = `registry.test:${registry.port}`;
    await world.write(`.config/docker/certs.d/${given}/ca.crt`, authority.ca);
    const outcome = await world.examine(given, { write: true });
    assertHealthy(outcome, "certificate-names", "certificate-dates", "certificate-chain", "clock", "push");
    await storage.close();
  });

  test("by TLS with the chain of an intermediate", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    const { chain = "", key } = await authority.issue({ byIntermediate: true });
    await using registry = await startTinyRegistry({ tls: { cert: chain, key } });
    await using world = await openDoctorWorld();
    assertHealthy(await world.examine(registry.host, { ca: authority.caPath }), "certificate-chain");
  });

  test("by TLS, its own certificate being what is trusted", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    const tls = await authority.issue();
    await using registry = await startTinyRegistry({ tls });
    await using world = await openDoctorWorld();
    await world.write("server.pem", tls.cert);
    const outcome = await world.examine(registry.host, { ca: `${world.home}/server.pem` });
    assertHealthy(outcome, "certificate-chain");
  });

  test("through a proxy that leads there", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    await using registry = await startTinyRegistry({
      tls: await authority.issue({ names: ["DNS:registry.test"] }),
    });
    await using proxy = await startProxy({ leadTo: { host: "127.0.0.1", port: registry.port } });
    await using world = await openDoctorWorld({
      info: { HttpsProxy: proxy.url },
      names: { "registry.test": "unknown" },
    });
    const outcome = await world.examine(`registry.test:${registry.port}`, { ca: authority.caPath });
    assertHealthy(outcome, "proxy", "certificate-chain");
    assert.ok(proxy.requests.includes(`CONNECT registry.test:${registry.port}`));
  });

  test("with a login that it takes", async () => {
    const right = `Basic ${Buffer.from("ann:right").toString("base64")}`;
    const answer: Answer = ({ headers }, response) => {
      if (headers.authorization === right) return false;
      response.setHeader("www-authenticate", 'Basic realm="x"');
      return refuseAsRegistry(response, 401, "UNAUTHORIZED");
    };
    await using registry = await startTinyRegistry({ answer });
    await using world = await openDoctorWorld();
    const auths = { [registry.host]: { auth: Buffer.from("ann:right").toString("base64") } };
    await world.write(".docker/config.json", JSON.stringify({ auths }));
    assertHealthy(await world.examine(registry.host, { write: true }), "stored-login", "push");
  });

  test("with a token server", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    const users = { ann: "right" };
    await using tokens = await startTokenServer({ signer: await authority.issue(), issuer: "x", users });
    const answer: Answer = ({ headers }, response) => {
      if (headers.authorization?.startsWith("Bearer ")) return false;
      response.setHeader("www-authenticate", `Bearer realm="${tokens.url}",service="x"`);
      return refuseAsRegistry(response, 401, "UNAUTHORIZED");
    };
    await using registry = await startTinyRegistry({ answer });
    await using world = await openDoctorWorld();
    const auths = { [registry.host]: { auth: Buffer.from("ann:right").toString("base64") } };
    await world.write(".docker/config.json", JSON.stringify({ auths }));
    assertHealthy(await world.examine(registry.host, { write: true }), "token-server", "push");
  });

  test("a login is shown to nobody whose certificate is not trusted", { skip: withoutOpenssl }, async () => {
    await using authority = await createTlsAuthority();
    const shown: (string | undefined)[] = [];
    const answer: Answer = ({ headers }, response) => {
      shown.push(headers.authorization);
      response.setHeader("www-authenticate", 'Basic realm="x"');
      return refuseAsRegistry(response, 401, "UNAUTHORIZED");
    };
    await using registry = await startTinyRegistry({ tls: await authority.issue(), answer });
    await using world = await openDoctorWorld();
    const auths = { [registry.host]: { auth: Buffer.from("ann:right").toString("base64") } };
    await world.write(".docker/config.json", JSON.stringify({ auths }));
    const outcome = await world.examine(registry.host, { insecure: false });
    assert.equal(outcome.cause?.code, "CERTIFICATE_UNKNOWN_AUTHORITY");
    assert.deepEqual([...new Set(shown)], [undefined]);
  });
});

test("without a registry: what this machine has", async () => {
  await using world = await openDoctorWorld();
  const outcome = await world.examine(undefined);
  assert.equal(outcome.registry, null);
  assert.equal(outcome.ok, true);
  const ids = outcome.checks.map(({ id }) => id);
  assert.deepEqual(ids, ["configuration", "engine", "registries", "servers"]);
});

test("a host that cannot be reached is what is wrong", async () => {
  await using world = await openDoctorWorld();
  const outcome = await world.examine("registry.test:5000", { on: ["nobody@127.0.0.1:1"] });
  assert.equal(outcome.ok, false);
  assert.deepEqual(
    [outcome.cause?.check, outcome.cause?.code, outcome.cause?.host],
    ["host", "SSH_UNREACHABLE", "nobody@127.0.0.1:1"],
  );
});

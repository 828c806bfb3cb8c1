/** `doctor` on a host with a real engine, docker-registry 2.8 and nginx: healthy, and with one fault after the other. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { startTokenServer } from "../support/token-server.ts";
import type { Finished } from "./command.ts";
import { engineAnswers, eventually, must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { startNginx } from "./nginx.ts";
import { openLab } from "./prerequisites.ts";
import { openPerson, type Person } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Of the password "secret"; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";

function outcomeOf({ stdout, stderr }: Finished): DoctorOutcome {
  assert.notEqual(stdout, "", stderr);
  const outcome = JSON.parse(stdout);
  assert.ok(Array.isArray(outcome.checks), stdout);
  return outcome;
}

function wrongIn({ checks }: DoctorOutcome): readonly string[] {
  return checks
    .filter(({ status }) => status === "failed" || status === "warning")
    .map(({ status, id, code }) => `${status} ${id} ${code}`);
}

describe("doctor", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;

  before(async () => {
    [host, authority] = await Promise.all([startHost("systemd"), createTlsAuthority("Lab Authority")]);
    person = await openPerson(host);
  });
  after(async () => {
    await person?.leave();
    await host?.stop();
    await authority?.[Symbol.asyncDispose]();
  });

  const doctor = async (...args: readonly string[]): Promise<DoctorOutcome> =>
    outcomeOf(await host.regctl(["doctor", ...args, "--json", "--progress", "none"]));
  const names = async (expected: string, ...args: readonly string[]): Promise<DoctorOutcome> => {
    const outcome = await doctor(...args);
    assert.deepEqual(wrongIn(outcome), [expected], JSON.stringify(outcome, null, 1));
    assert.equal(outcome.cause?.code ?? null, expected.startsWith("failed") ? expected.split(" ")[2] : null);
    return outcome;
  };
  const healthy = async (...args: readonly string[]): Promise<void> => {
    const outcome = await doctor(...args);
    assert.deepEqual(wrongIn(outcome), [], JSON.stringify(outcome, null, 1));
    assert.equal(outcome.ok, true);
    const asked = outcome.checks.find(({ id }) => id === "engine-asks");
    assert.equal(asked?.status, "ok", "the engine itself was asked");
  };

  it("a registry on loopback, and one that the engine is told of by --fix", async () => {
    const registry = await startRegistry(host);
    await healthy("127.0.0.1:5000", "--write");
    const outcome = await names("failed protocol REGISTRY_PROTOCOL", registry.address);
    assert.equal(outcome.cause?.remedies[0], `regctl setup insecure ${registry.address}`);
    const fixed = await doctor(registry.address, "--fix", "--yes");
    assert.deepEqual([fixed.ok, fixed.fixed], [true, [`regctl setup insecure ${registry.address}`]]);
    await healthy(registry.address, "--write");
    const seen = outcomeOf(
      await person.regctl(["doctor", registry.address, "--write", "--on", host.address, "--json"]),
    );
    assert.deepEqual(wrongIn(seen), [], JSON.stringify(seen, null, 1));
    assert.ok(seen.checks.every((check) => check.host === host.address));
    await must(host, "sh", "-c", "tar -C /etc -c hostname | docker import - 127.0.0.1:5000/app:1");
    await must(host, "docker", "push", "127.0.0.1:5000/app:1");
    await healthy("127.0.0.1:5000/app:1");
    await names("failed pull NOT_FOUND", "127.0.0.1:5000/app:2");
    assert.equal((await host.regctl(["setup", "undo", registry.address])).code, 0);
    await registry.stop();
  });

  it("certificates: unknown, trusted, listed as insecure all the same", async () => {
    const tls = await authority.issue({ names: [`IP:${host.address}`] });
    const registry = await startRegistry(host, { port: 5001, tls });
    await names("failed certificate-chain CERTIFICATE_UNKNOWN_AUTHORITY", registry.address);
    const asked = await host.regctl(["doctor", registry.address, "--fix", "--yes", "--json"]);
    assert.equal(asked.code, 2, "a fingerprint is no matter of --yes");
    assert.match(asked.stdout, /--fingerprint/);
    const fingerprint = `sha256:${new X509Certificate(tls.cert).fingerprint256.replaceAll(":", "")}`;
    const fixed = await doctor(registry.address, "--fix", "--yes", "--fingerprint", fingerprint);
    assert.deepEqual([fixed.ok, fixed.fixed], [true, [`regctl setup trust ${registry.address}`]]);
    await healthy(registry.address, "--write");
    await shell(
      host,
      `echo '{"insecure-registries":["${registry.address}"]}' >/etc/docker/daemon.json; systemctl reload docker`,
    );
    await eventually("the engine has it", async () =>
      (await must(host, "docker", "info")).includes(registry.address),
    );
    await names("warning insecure INSECURE_WITHOUT_NEED", registry.address);
    await shell(host, `echo '{"insecure-registries":[]}' >/etc/docker/daemon.json; systemctl reload docker`);
    await eventually(
      "and no more",
      async () => !(await must(host, "docker", "info")).includes(registry.address),
    );
    await shell(host, "rm /etc/docker/daemon.json");
    await registry.stop();
  });

  it("logins: none, that of the docker CLI, and rights that a token server does not give", async () => {
    const closed = await startRegistry(host, { port: 5002, htpasswd });
    await names("failed login UNAUTHORIZED", "127.0.0.1:5002");
    await shell(host, "echo secret | docker login -u bob --password-stdin 127.0.0.1:5002");
    await healthy("127.0.0.1:5002", "--write");
    await shell(host, "docker logout 127.0.0.1:5002");
    await closed.stop();
    const signer = await authority.issue();
    const grant = (_: string | null, scope: { readonly actions: readonly string[] }) =>
      scope.actions.filter((action) => action !== "push");
    const options = { signer, issuer: "lab", users: {}, grant, host: host.gateway };
    await using tokens = await startTokenServer(options);
    const token = { realm: tokens.url, issuer: "lab", cert: signer.cert };
    const guarded = await startRegistry(host, { port: 5003, token });
    assert.equal((await host.regctl(["setup", "insecure", guarded.address])).code, 0);
    const outcome = await doctor(guarded.address, "--write");
    assert.match(outcome.cause?.code ?? "", /^(DENIED|UNAUTHORIZED)$/, JSON.stringify(outcome, null, 1));
    assert.equal(outcome.cause?.check, "push");
    assert.equal((await host.regctl(["setup", "undo", guarded.address])).code, 0);
    await guarded.stop();
  });

  it("registries that take nothing, or let nothing be deleted", async () => {
    const still = await startRegistry(host, { port: 5004, readOnly: true });
    await names("failed push READ_ONLY", "127.0.0.1:5004", "--write");
    await still.stop();
    const keeping = await startRegistry(host, { port: 5005, deletes: false });
    await names("warning delete DELETE_OFF", "127.0.0.1:5005");
    await keeping.stop();
  });

  it("nginx: a small limit, no scheme, and as it should be", async () => {
    const registry = await startRegistry(host, { port: 5006 });
    const small = await startNginx(host, { port: 5007, to: 5006, mostBody: "1m" });
    await names("failed upload-size UPLOAD_LIMIT", "127.0.0.1:5007", "--write");
    await small.stop();
    const tls = await authority.issue({ names: [`IP:${host.address}`] });
    const given = `${host.address}:5008`;
    const folder = `/etc/docker/certs.d/${given}`;
    await host.run(["sh", "-c", `mkdir -p ${folder} && cat >${folder}/ca.crt`], { input: authority.ca });
    const silent = await startNginx(host, { port: 5008, to: 5006, mostBody: "0", tls });
    await names("failed upload-address LOCATION_SCHEME", given, "--write");
    await silent.stop();
    const good = await startNginx(host, { port: 5008, to: 5006, mostBody: "0", tls, tellsScheme: true });
    await healthy(given, "--write");
    await registry.stop();
    await names("failed api REGISTRY_UNREACHABLE", given);
    await good.stop();
  });

  it("the network: packets that are dropped, a resolver that does not answer", async () => {
    await shell(host, "iptables -A OUTPUT -p tcp --dport 5999 -j DROP");
    await names("failed tcp REGISTRY_SILENT", `${host.address}:5999`, "--timeout", "2");
    await shell(host, "iptables -D OUTPUT -p tcp --dport 5999 -j DROP");
    await shell(
      host,
      `cp /etc/resolv.conf /tmp/resolv.conf 2>/dev/null || : >/tmp/resolv.conf
      iptables -A OUTPUT -p udp --dport 53 -j DROP
      printf 'nameserver ${host.gateway}\\noptions timeout:1 attempts:1\\n' >/etc/resolv.conf`,
    );
    await names("failed name NAME_UNANSWERED", "registry.example:5000");
    await shell(host, "iptables -D OUTPUT -p udp --dport 53 -j DROP; cat /tmp/resolv.conf >/etc/resolv.conf");
  });

  it("the engine: broken files, a proxy that is not there, and none that runs", async () => {
    const registry = await startRegistry(host, { port: 5009 });
    await shell(host, "echo '{broken' >/etc/docker/daemon.json");
    await names("failed configuration CONFIG_BROKEN", "127.0.0.1:5009");
    await shell(host, `echo '{"insecure-registries":["later.example:5000"]}' >/etc/docker/daemon.json`);
    await names("warning configuration CONFIG_NOT_IN_FORCE", "127.0.0.1:5009");
    await shell(host, "rm /etc/docker/daemon.json");
    const given = `${host.address}:5010`;
    const tls = await authority.issue({ names: [`IP:${host.address}`] });
    const secure = await startRegistry(host, { port: 5010, tls });
    const folder = `/etc/docker/certs.d/${given}`;
    await host.run(["sh", "-c", `mkdir -p ${folder} && cat >${folder}/ca.crt`], { input: authority.ca });
    await shell(
      host,
      `mkdir -p /etc/systemd/system/docker.service.d
      printf '[Service]\\nEnvironment="HTTPS_PROXY=http://${host.address}:3128"\\n' >/etc/systemd/system/docker.service.d/proxy.conf
      systemctl daemon-reload; systemctl restart docker`,
    );
    await engineAnswers(host);
    const outcome = await names("failed proxy PROXY_IN_THE_WAY", given);
    // The cure that is shown is one.
    await shell(host, outcome.cause?.remedies[0] ?? "false");
    await engineAnswers(host);
    await healthy(given);
    await shell(host, "rm -r /etc/systemd/system/docker.service.d; systemctl daemon-reload");
    await shell(host, "systemctl stop docker.socket docker");
    await names("failed engine ENGINE_UNREACHABLE", "127.0.0.1:5009");
    await shell(host, "systemctl start docker.socket docker");
    await secure.stop();
    await registry.stop();
  });
});

/** What `setup trust` asks, refuses, leaves alone and takes back, on a real host. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { exchangesImages, shell } from "./engine-state.ts";
import { daemonJson, listed, loadText, readText } from "./fault-host.ts";
import { listenWithChangingTls } from "./fault-registry.ts";
import { startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, setupOf } from "./regctl-over-ssh.ts";
import { json, type Opened, openScene, sha256Of, treeOf, untilKnown } from "./trust-scene.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const inOrder = { concurrency: 1 };

describe("what setup trust asks, refuses and takes back", { skip, ...inOrder, timeout: 400_000 }, () => {
  let scene: Opened;
  before(async () => {
    scene = await openScene("systemd");
  });
  after(() => scene?.leave());

  it("without a terminal the fingerprint is asked for by its flag, and nothing is changed", async () => {
    const { host, registry, leaf, regctl } = scene;
    const tree = await treeOf(host);
    for (const more of [[], ["--yes"]]) {
      const error = errorOf(await regctl("setup", "trust", registry, ...more), 2);
      assert.equal(error.code, "MISSING_ANSWER");
      assert.match(error.remedies.join(), new RegExp(`--fingerprint ${sha256Of(leaf)}$`));
    }
    const wrong = ["setup", "trust", registry, "--fingerprint", `sha256:${"0".repeat(64)}`];
    assert.equal(errorOf(await regctl(...wrong), 3).code, "CERTIFICATE_MISMATCH");
    assert.equal(errorOf(await regctl("setup", "trust", registry, "--fingerprint", "12"), 2).code, "USAGE");
    assert.equal(await treeOf(host), tree);
  });

  it("the server's own certificate may go to certs.d by its fingerprint, and not to the system", async () => {
    const { host, registry, leaf, regctl } = scene;
    const named = ["setup", "trust", registry, "--fingerprint", new X509Certificate(leaf).fingerprint256];
    assert.equal(errorOf(await regctl(...named, "--system"), 3).code, "CERTIFICATE_UNUSABLE");
    assert.equal(hostOf(await regctl(...named)).proved, true);
    assert.equal(await exchangesImages(host, registry), true);
    assert.equal(hostOf(await regctl("setup", "undo", "--last")).proved, true);
    assert.equal(readText(host, `/etc/docker/certs.d/${registry}/ca.crt`), null);
  });

  it("a plan shows the certificate, and changes nothing", async () => {
    const { host, registry, file, person, regctl } = scene;
    const tree = await treeOf(host);
    const planned = setupOf(
      await regctl("setup", "trust", registry, "--ca", file, "--dry-run", "--exit-code"),
      10,
    );
    assert.equal(planned.hosts[0]?.certificates?.[0]?.fingerprint, sha256Of(scene.authority.ca));
    assert.match(planned.hosts[0]?.diff ?? "", /^\+-----BEGIN CERTIFICATE-----$/m);
    const text = await person.regctl(["setup", "trust", registry, "--on", host.name, "--dry-run"]);
    assert.match(text.stdout, /sha256:[0-9a-f]{64}[\s\S]*prove: the engine asks .* over TLS/);
    const printed = hostOf(await regctl("setup", "trust", registry, "--ca", file, "--print")).paste ?? [];
    assert.equal(await treeOf(host), tree);
    await shell(host, printed.join("\n").replaceAll("sudo ", ""));
    assert.equal(await exchangesImages(host, registry), true);
    await shell(host, `rm -r /etc/docker/certs.d`);
  });

  it("somebody else's ca.crt stays, and ours stands beside it", async () => {
    const { host, registry, file, regctl } = scene;
    const theirs = `/etc/docker/certs.d/${registry}/ca.crt`;
    await using other = await createTlsAuthority("another");
    await host.run(["sh", "-c", `mkdir -p ${theirs.slice(0, -7)}; cat >${theirs}`], { input: other.ca });
    const tree = await treeOf(host);
    const done = hostOf(await regctl("setup", "trust", registry, "--ca", file));
    assert.match(done.path ?? "", /\/regctl-[0-9a-f]{8}\.crt$/);
    assert.match(done.notes.join(), /somebody else's and stays/);
    assert.equal(await exchangesImages(host, registry), true);
    assert.equal(hostOf(await regctl("setup", "undo", registry)).proved, true);
    assert.deepEqual([await treeOf(host), readText(host, theirs)], [tree, other.ca]);
    await shell(host, "rm -r /etc/docker/certs.d");
  });

  it("what somebody else changed in our file stays", async () => {
    const { host, registry, file, regctl } = scene;
    const path = `/etc/docker/certs.d/${registry}/ca.crt`;
    assert.equal(hostOf(await regctl("setup", "trust", registry, "--ca", file)).proved, true);
    await shell(host, `echo '# theirs' >>${path}`);
    const left = hostOf(await regctl("setup", "undo", registry));
    assert.equal(left.changed, false);
    assert.match(left.notes.join(), /changed by others/);
    assert.match(readText(host, path) ?? "", /# theirs\n$/);
    await shell(host, "rm -r /etc/docker/certs.d");
  });

  it("somebody else's insecure entry goes when they say so, and comes back byte for byte", async () => {
    const { host, registry, file, regctl } = scene;
    const text = `{ "debug": false,\n  "insecure-registries" : ["kept.test:5000", "${registry}"] }`;
    await loadText(host, text, [registry, "kept.test:5000"].toSorted());
    const error = errorOf(await regctl("setup", "trust", registry, "--ca", file), 2);
    assert.deepEqual([error.code, error.remedies], ["MISSING_ANSWER", ["Answer it with --yes"]]);
    const done = hostOf(await regctl("setup", "trust", registry, "--ca", file, "--yes"));
    assert.partialDeepStrictEqual(done, { proved: true, applied: "reload" });
    assert.deepEqual(await listed(host), ["kept.test:5000"]);
    assert.equal(await exchangesImages(host, registry), true);
    assert.equal(hostOf(await regctl("setup", "undo", registry, "--kind", "trust")).proved, true);
    assert.equal(readText(host, daemonJson), text);
    assert.deepEqual((await listed(host)).toSorted(), ["kept.test:5000", registry].toSorted());
    await loadText(host, "{}", []);
    await shell(host, `rm ${daemonJson}`);
  });

  it("what does not let the engine verify is taken back, and the insecure entry is there again", async () => {
    const { host, authority, file, regctl } = scene;
    await using other = await createTlsAuthority("swapped in");
    const names = [`IP:${host.gateway}`];
    const own = await authority.issue({ names });
    const changing = await listenWithChangingTls(host.gateway, [own, await other.issue({ names })]);
    try {
      const text = `{"insecure-registries":["${changing.address}"]}`;
      await loadText(host, text, [changing.address]);
      const tree = await treeOf(host);
      const error = errorOf(await regctl("setup", "trust", changing.address, "--ca", file, "--yes"), 7);
      assert.equal(error.code, "NOT_PROVED");
      assert.match(error.message, /unknown authority/);
      assert.equal(readText(host, daemonJson), text);
      assert.deepEqual(await listed(host), [changing.address]);
      assert.equal(await treeOf(host), tree);
    } finally {
      changing.close();
      await loadText(host, "{}", []);
      await shell(host, `rm ${daemonJson}`);
    }
  });

  it("a name that only the host knows is asked there", async () => {
    const { host, registry, file, regctl } = scene;
    const name = `reg.lab:${registry.split(":")[1]}`;
    await shell(host, `echo '${host.address} reg.lab' >>/etc/hosts`);
    await untilKnown(host, name);
    const done = hostOf(await regctl("setup", "trust", name, "--ca", file));
    assert.deepEqual([done.proved, done.warnings], [true, []]);
    assert.equal(await exchangesImages(host, name), true);
    assert.equal(hostOf(await regctl("setup", "undo", name)).proved, true);
  });

  it("the operating system trusts it too with --system, and forgets it", async () => {
    const { host, registry, file, regctl } = scene;
    const curl = () => host.run(["curl", "-sS", "-o", "/dev/null", `https://${registry}/v2/`]);
    assert.notEqual((await curl()).code, 0);
    const bundle = await shell(
      host,
      "sha256sum /etc/ssl/certs/ca-certificates.crt; ls /usr/local/share/ca-certificates",
    );
    const done = hostOf(await regctl("setup", "trust", registry, "--ca", file, "--system"));
    assert.ok(done.steps.some(({ kind }) => kind === "run"));
    assert.equal((await curl()).code, 0);
    assert.equal(hostOf(await regctl("setup", "undo", registry)).proved, true);
    assert.notEqual((await curl()).code, 0);
    assert.equal(
      await shell(host, "sha256sum /etc/ssl/certs/ca-certificates.crt; ls /usr/local/share/ca-certificates"),
      bundle,
    );
  });

  it("a certificate that no authority cures is refused with its reason", async () => {
    const { host, authority, file, regctl } = scene;
    const tree = await treeOf(host);
    const rows = [
      [{ names: [] }, /common name .* no subjectAltName/],
      [{ names: ["DNS:other.test"] }, /is an address, and it is valid for DNS:other\.test and no address/],
      [{ names: ["IP:10.9.9.9"] }, /valid for IP:10\.9\.9\.9, and not for/],
      [{ names: [`IP:${host.gateway}`], expired: true }, /it expired at/],
      [{ names: [`IP:${host.gateway}`], inDays: 3 }, /not valid before/],
    ] as const;
    for (const [options, reason] of rows) {
      const registry = await listenWithChangingTls(host.gateway, [await authority.issue(options)]);
      const error = errorOf(await regctl("setup", "trust", registry.address, "--ca", file), 3);
      registry.close();
      assert.equal(error.code, "CERTIFICATE_INCURABLE");
      assert.match(error.message, reason);
      assert.match(
        error.remedies.join("\n"),
        /openssl req .*subjectAltName=IP:.*\n.*regctl serve --tls self-signed/,
      );
    }
    assert.equal(await treeOf(host), tree);
  });

  it("a clock that is wrong over there is told from a certificate that is old", async () => {
    const { host, registry, file, person } = scene;
    const answers = `#!/bin/sh\n[ "$1" = +%s ] && echo 1000000000 || exec /usr/bin/date "$@"\n`;
    await host.run(["sh", "-c", "cat >/usr/local/sbin/date; chmod 755 /usr/local/sbin/date"], {
      input: answers,
    });
    try {
      const error = errorOf(
        await person.regctl(["setup", "trust", registry, "--ca", file, "--on", host.name, ...json]),
        3,
      );
      assert.equal(error.code, "CERTIFICATE_INCURABLE");
      assert.match(error.message, /the clock of that host says 2001-/);
    } finally {
      await shell(host, "rm /usr/local/sbin/date");
    }
  });

  it("a registry that wants to know who asks is shown a certificate, and its key to nobody else", async () => {
    const { host, authority, file, person, regctl } = scene;
    const own = await authority.issue({ names: [`IP:${host.gateway}`] });
    const registry = await listenWithChangingTls(host.gateway, [own], authority.ca);
    const client = await authority.issue({ names: ["DNS:me.test"], client: true });
    await writeFile(`${person.home}/me.pem`, client.cert);
    await writeFile(`${person.home}/me.key`, client.key, { mode: 0o600 });
    const tree = await treeOf(host);
    try {
      const words = ["setup", "trust", registry.address, "--ca", file];
      assert.equal(errorOf(await regctl(...words), 7).code, "NOT_PROVED");
      assert.equal(await treeOf(host), tree);
      const both = ["--cert", `${person.home}/me.pem`, "--key", `${person.home}/me.key`];
      const secret = client.key.split("\n")[1] ?? "";
      for (const mode of ["--dry-run", "--print"]) {
        const { stdout, stderr } = await regctl(...words, ...both, mode);
        assert.doesNotMatch(stdout + stderr, new RegExp(secret.replace(/[+/]/g, ".")));
      }
      const done = await regctl(...words, ...both);
      assert.equal(hostOf(done).proved, true);
      assert.equal(done.stdout.includes(secret), false);
      const folder = `/etc/docker/certs.d/${registry.address}`;
      assert.equal(readText(host, `${folder}/client.key`), client.key);
      assert.match(await shell(host, `stat -c %a ${folder}/client.key`), /^600$/m);
      assert.doesNotMatch(await shell(host, "cat /var/lib/regctl/journal/*"), /PRIVATE KEY/);
      assert.equal(hostOf(await regctl("setup", "undo", registry.address)).proved, true);
      assert.equal(await treeOf(host), tree);
    } finally {
      registry.close();
    }
  });

  it("on the machine itself, our own server is known without a question, and remembered", async () => {
    const { host } = scene;
    const here = async (...words: readonly string[]) => {
      const { code, stdout, stderr } = await host.regctl([...words, ...json]);
      assert.equal(code, 0, stdout + stderr);
      return JSON.parse(stdout);
    };
    const registry = `${host.address}:5200`;
    await here("serve", "--listen", registry, "--tls", "self-signed", "--yes", "--detach");
    const done = await here("setup", "trust", registry);
    assert.deepEqual(
      [done.hosts[0].proved, done.hosts[0].warnings, done.defaultRegistry],
      [true, [], registry],
    );
    assert.equal(await exchangesImages(host, registry), true);
    const ca = `/etc/docker/certs.d/${registry}/ca.crt`;
    assert.partialDeepStrictEqual(await here("use"), { registry, insecure: false, ca });
    assert.equal((await here("ping")).scheme, "https");
    assert.equal((await here("setup", "undo", registry)).hosts[0].proved, true);
    assert.partialDeepStrictEqual(await here("use"), { registry: null, ca: null });
    await here("serve", "stop");
  });

  it("two runs at once both take hold", async () => {
    const { host, authority, file, regctl } = scene;
    const names = [`IP:${host.address}`];
    const others = await Promise.all(
      [5101, 5102].map(async (port) => startRegistry(host, { port, tls: await authority.issue({ names }) })),
    );
    const runs = await Promise.all(
      others.map(({ address }) => regctl("setup", "trust", address, "--ca", file)),
    );
    for (const run of runs) assert.equal(hostOf(run).proved, true);
    for (const { address } of others) assert.equal(await exchangesImages(host, address), true);
    const undone = await Promise.all(others.map(({ address }) => regctl("setup", "undo", address)));
    for (const run of undone) assert.equal(hostOf(run).proved, true);
    assert.equal(
      await shell(host, "ls /etc/docker/certs.d 2>&1 || true").then((text) => /50|51/.test(text)),
      false,
    );
  });
});

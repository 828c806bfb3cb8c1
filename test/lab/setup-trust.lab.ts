/** `setup trust` on real hosts: engines that push and pull over TLS once they were told, one host or two. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { must } from "./conduct.ts";
import { bytesOf, daemonPidOf, exchangesImages, shell, survivorPidOf } from "./engine-state.ts";
import { listed } from "./fault-host.ts";
import { listenWithChangingTls } from "./fault-registry.ts";
import { startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { hostOf, openPerson, setupOf, statusOf } from "./regctl-over-ssh.ts";
import { json, type Opened, openScene, sha256Of, treeOf, untilKnown } from "./trust-scene.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const inOrder = { concurrency: 1 };

for (const kind of ["systemd", "sid", "sid-store", "sysvinit", "boot2docker"] as const) {
  describe(`trust on ${kind}`, { skip, ...inOrder, timeout: 300_000 }, () => {
    let scene: Opened;
    before(async () => {
      scene = await openScene(kind);
    });
    after(() => scene?.leave());

    it("makes the engine push and pull at once, and undo leaves nothing behind", async () => {
      const { host, registry, file, regctl } = scene;
      const [tree, bytes] = [await treeOf(host), await bytesOf(host)];
      const [daemon, survivor] = [await daemonPidOf(host), await survivorPidOf(host)];
      const done = hostOf(await regctl("setup", "trust", registry, "--ca", file));
      const path = `/etc/docker/certs.d/${registry}/ca.crt`;
      assert.partialDeepStrictEqual(done, {
        changed: true,
        proved: true,
        applied: "none",
        path,
        backup: null,
      });
      assert.deepEqual(done.warnings, []);
      assert.equal(await must(host, "cat", path), scene.authority.ca);
      assert.equal(await exchangesImages(host, registry), true);
      const again = hostOf(await regctl("setup", "trust", registry, "--ca", file));
      assert.deepEqual([again.changed, again.nothing], [false, "trusted"]);
      const [shown] = statusOf(await regctl("setup", "status", registry)).trusted;
      assert.equal(shown?.files[0]?.certificates[0]?.fingerprint, sha256Of(scene.authority.ca));
      const undone = hostOf(await regctl("setup", "undo", registry));
      assert.deepEqual([undone.changed, undone.proved, undone.applied], [true, true, "none"]);
      assert.deepEqual([await treeOf(host), await bytesOf(host)], [tree, bytes]);
      assert.deepEqual([await daemonPidOf(host), await survivorPidOf(host)], [daemon, survivor]);
      assert.equal(hostOf(await regctl("setup", "undo", registry)).nothing, "not-there");
    });

    it("takes our own insecure entry out, and undo brings back neither", async () => {
      const { host, registry, file, regctl } = scene;
      const [tree, bytes] = [await treeOf(host), await bytesOf(host)];
      assert.equal(hostOf(await regctl("setup", "insecure", registry, "--yes")).proved, true);
      const done = hostOf(await regctl("setup", "trust", registry, "--ca", file));
      assert.partialDeepStrictEqual(done, { changed: true, proved: true });
      assert.deepEqual([done.warnings, await listed(host)], [[], []]);
      assert.equal(await exchangesImages(host, registry), true);
      assert.equal(hostOf(await regctl("setup", "undo", registry)).proved, true);
      assert.deepEqual([await treeOf(host), await bytesOf(host), await listed(host)], [tree, bytes, []]);
    });
  });
}

describe("trust on two hosts in one run", { skip, timeout: 300_000 }, () => {
  it("both trust the same registry, by one fingerprint", async () => {
    await using authority = await createTlsAuthority("lab authority");
    const tls = await authority.issue({ names: ["DNS:reg.lab"] });
    const hosts = await Promise.all([startHost("bare"), startHost("bare")]);
    const person = await openPerson(...hosts);
    const registry = await listenWithChangingTls("0.0.0.0", [tls]);
    try {
      const name = registry.address.replace("0.0.0.0", "reg.lab");
      for (const host of hosts) {
        await shell(host, `echo '${host.gateway} reg.lab' >>/etc/hosts`);
        await untilKnown(host, name);
      }
      const on = [...hosts.flatMap((host) => ["--on", host.name]), ...json];
      const named = ["--fingerprint", sha256Of(tls.cert)];
      const done = setupOf(await person.regctl(["setup", "trust", name, ...named, ...on]));
      assert.deepEqual(
        done.hosts.map(({ proved, changed }) => [proved, changed]),
        hosts.map(() => [true, true]),
      );
      assert.deepEqual(
        done.hosts.flatMap(({ warnings }) => warnings),
        [],
      );
      const undone = setupOf(await person.regctl(["setup", "undo", name, ...on]));
      assert.equal(
        undone.hosts.every(({ proved, changed }) => proved && changed),
        true,
      );
    } finally {
      registry.close();
      await person.leave();
      await Promise.all(hosts.map((host) => host.stop()));
    }
  });
});

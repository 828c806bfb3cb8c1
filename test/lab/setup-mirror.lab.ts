/** `setup mirror` on real hosts: images that no Docker Hub has come from the mirror, and undo leaves nothing behind. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { must } from "./conduct.ts";
import { bytesOf, daemonPidOf, startSurvivor, survivorPidOf } from "./engine-state.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, setupOf, statusOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

for (const kind of ["systemd", "sid", "sid-store", "systemd-flags", "sysvinit"] as const) {
  describe(`a mirror on ${kind}`, { skip, concurrency: 1, timeout: 300_000 }, () => {
    let host: LabHost;
    let person: Person;
    let address: string;
    const run = (...words: readonly string[]) => person.regctl([...words, "--on", host.name, "--json"]);
    const mirrors = async () =>
      JSON.parse(await must(host, "docker", "info", "-f", "{{json .RegistryConfig.Mirrors}}")) ?? [];

    before(async () => {
      host = await startHost(kind);
      person = await openPerson(host);
      ({ address } = await startRegistry(host));
      await startSurvivor(host);
      // To the engine its own loopback is insecure, so the image gets there without being told anything.
      const there = `127.0.0.1:${address.split(":")[1]}/lab/mirrored:1`;
      await must(host, "docker", "tag", "lab/sleeper:1", there);
      await must(host, "docker", "push", "-q", there);
      await must(host, "docker", "rmi", there);
    });
    after(async () => {
      await person?.leave();
      await host?.stop();
    });

    it("is asked for images of Docker Hub, and forgotten byte for byte", async () => {
      const [bytes, survivor] = [await bytesOf(host), await survivorPidOf(host)];
      const daemon = await daemonPidOf(host);
      const done = hostOf(await run("setup", "mirror", `http://${address}`));
      assert.partialDeepStrictEqual(done, { changed: true, proved: true, applied: "reload" });
      assert.deepEqual(await mirrors(), [`http://${address}/`]);
      await must(host, "docker", "pull", "-q", "lab/mirrored:1");
      await must(host, "docker", "rmi", "lab/mirrored:1");
      assert.equal(hostOf(await run("setup", "mirror", `http://${address}/`)).nothing, "already");
      const status = statusOf(await run("setup", "status", address));
      assert.deepEqual(status.mirrors, [{ url: `http://${address}/`, configured: true, effective: true }]);
      assert.deepEqual(setupOf(await run("setup", "mirror", `http://${address}`, "--dry-run")).mirror, {
        url: `http://${address}/`,
        upstream: "docker.io",
      });
      assert.equal(hostOf(await run("setup", "undo", address, "--kind", "insecure")).changed, false);
      assert.equal(hostOf(await run("setup", "undo", address, "--kind", "mirror")).proved, true);
      assert.deepEqual([await mirrors(), await bytesOf(host)], [[], bytes]);
      assert.deepEqual([await survivorPidOf(host), await daemonPidOf(host)], [survivor, daemon]);
    });

    it("beside an insecure entry of the same registry: undo takes both, --last one", async () => {
      const bytes = await bytesOf(host);
      assert.equal(hostOf(await run("setup", "insecure", address)).proved, true);
      const between = await bytesOf(host);
      assert.equal(hostOf(await run("setup", "mirror", `http://${address}`)).proved, true);
      assert.equal(hostOf(await run("setup", "undo", "--last")).proved, true);
      assert.deepEqual([await mirrors(), await bytesOf(host)], [[], between]);
      assert.equal(hostOf(await run("setup", "mirror", `http://${address}`)).proved, true);
      assert.equal(hostOf(await run("setup", "undo", address)).proved, true);
      assert.deepEqual([await mirrors(), await bytesOf(host)], [[], bytes]);
    });

    it("for another registry is refused with the reason, and nothing is changed", async () => {
      const bytes = await bytesOf(host);
      const error = errorOf(await run("setup", "mirror", `http://${address}`, "--for", "quay.io"), 3);
      assert.equal(error.code, "ENGINE_CANNOT");
      assert.match(error.message, /Docker Hub alone/);
      assert.equal(errorOf(await run("setup", "mirror", address), 2).code, "BAD_REGISTRY");
      assert.equal(await bytesOf(host), bytes);
    });
  });
}

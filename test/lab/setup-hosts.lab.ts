/** Ways to hosts and many of them: jump hosts, host keys, hosts that fail beside hosts that do not, runs at once. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { must, registriesOf } from "./conduct.ts";
import { bytesOf, lookAt, startSurvivor, survivorPidOf } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import {
  errorOf,
  hostOf,
  openPerson,
  type Person,
  setupOf,
  statusesOf,
  statusOf,
} from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const json = ["--json", "--progress", "none"];
const carriers = ["node", "openssh"] as const;

describe("hosts", { skip, timeout: 300_000 }, () => {
  let near: LabHost;
  let bare: LabHost;
  let inner: LabHost;
  let person: Person;
  /** Nothing listens there: the engine says so at once, and the entry is proved all the same. */
  const registryOn = (port: number) => `${near.address}:${port}`;

  before(async () => {
    [near, bare] = await Promise.all([startHost("systemd"), startHost("bare")]);
    inner = await startHost("bare", { behind: near });
    person = await openPerson(near, bare, inner);
    await person.configure(`Host ${inner.name}\n  ProxyJump nopass@${near.name}`);
  });
  after(async () => {
    await person?.leave();
    await Promise.all([inner, bare, near].map((host) => host?.stop()));
  });

  for (const carrier of carriers) {
    it(`a host behind a jump host is set up and undone with --ssh ${carrier}`, async () => {
      const running = await startSurvivor(inner);
      const args = [registryOn(5001), "--on", `nopass@${inner.name}`, "--ssh", carrier, ...json];
      const untouched = await lookAt(near);
      const done = hostOf(await person.regctl(["setup", "insecure", ...args]));
      assert.partialDeepStrictEqual(done, { host: `nopass@${inner.name}`, changed: true, proved: true });
      assert.deepEqual(await registriesOf(inner), [registryOn(5001)]);
      assert.equal(hostOf(await person.regctl(["setup", "undo", ...args])).proved, true);
      assert.deepEqual(await registriesOf(inner), []);
      assert.equal(await survivorPidOf(inner), running);
      assert.equal(await lookAt(near), untouched);
    });

    it(`an unknown host key needs --accept-host-key with --ssh ${carrier}, and is then known`, async () => {
      const known = await readFile(person.knownHosts, "utf8");
      const status = ["setup", "status", "--on", bare.name, "--ssh", carrier, ...json];
      try {
        await writeFile(person.knownHosts, withoutHost(known, bare));
        const error = errorOf(await person.regctl(status), 2);
        assert.equal(error.code, "SSH_HOST_KEY_UNKNOWN");
        const [fingerprint = ""] =
          /--accept-host-key (SHA256:\S+)/.exec(error.remedies.join("\n"))?.slice(1) ?? [];
        const keys = "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done";
        assert.equal((await must(bare, "sh", "-c", keys)).includes(fingerprint), true, fingerprint);
        assert.equal(await readFile(person.knownHosts, "utf8"), withoutHost(known, bare));

        const wrong = [...status, "--accept-host-key", `SHA256:${"A".repeat(43)}`];
        assert.equal(errorOf(await person.regctl(wrong), 3).code, "SSH_HOST_KEY_REFUSED");
        statusOf(await person.regctl([...status, "--accept-host-key", fingerprint]));
        assert.notEqual(await readFile(person.knownHosts, "utf8"), withoutHost(known, bare));
        statusOf(await person.regctl(status));
      } finally {
        await writeFile(person.knownHosts, known);
      }
    });

    it(`a changed host key is refused with --ssh ${carrier}`, async () => {
      const known = await readFile(person.knownHosts, "utf8");
      const keysOfNear = known.split("\n").filter((line) => line.startsWith(`${near.address},`));
      const changed = keysOfNear
        .map((line) => line.replace(/^\S+/, `${bare.address},${bare.name}`))
        .join("\n");
      try {
        await writeFile(person.knownHosts, `${withoutHost(known, bare)}${changed}\n`);
        const before = await lookAt(bare);
        const args = ["setup", "insecure", registryOn(5001), "--on", bare.name, "--ssh", carrier, ...json];
        const fingerprint = await must(bare, "sh", "-c", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
        const accept = ["--accept-host-key", /SHA256:\S+/.exec(fingerprint)?.[0] ?? assert.fail()];
        // Nothing that is typed lets a changed key pass.
        for (const extra of [[], accept]) {
          assert.equal(errorOf(await person.regctl([...args, ...extra]), 3).code, "SSH_HOST_KEY_CHANGED");
        }
        assert.equal(await lookAt(bare), before);
      } finally {
        await writeFile(person.knownHosts, known);
      }
    });
  }

  it("one host's failure stops no other's", async () => {
    const closed = `root@${near.address}:9`;
    const refusing = `nosudo@${bare.name}`;
    const list = `${person.home}/hosts.txt`;
    await writeFile(list, `# the lab\n\n${inner.name}   # behind\n${closed}\n`);
    const args = [registryOn(5002), "--on", near.name, "--on", `@${list}`, "--on", refusing, ...json];
    const ran = await person.regctl(["setup", "insecure", ...args]);
    const { ok, hosts } = setupOf(ran, 1);
    assert.equal(ok, false);
    assert.deepEqual(
      hosts.map(({ host, changed, proved, error }) => [host, changed, proved, error?.code]),
      [
        [near.name, true, true, undefined],
        [inner.name, true, true, undefined],
        [closed, false, false, "SSH_UNREACHABLE"],
        [refusing, false, false, "NO_RIGHTS"],
      ],
    );
    assert.deepEqual(await registriesOf(near), [registryOn(5002)]);
    assert.deepEqual(await registriesOf(inner), [registryOn(5002)]);
    assert.deepEqual(await registriesOf(bare), []);
    // It concerns other hosts' engines, so nothing is remembered here.
    assert.equal(existsSync(`${person.home}/.config`), false);
    const undone = setupOf(await person.regctl(["setup", "undo", ...args]), 1);
    assert.deepEqual(
      undone.hosts.map(({ changed }) => changed),
      [true, true, false, false],
    );
    assert.deepEqual([await registriesOf(near), await registriesOf(inner)], [[], []]);
  });

  it("failures that agree give their own code", async () => {
    const closed = [9, 10].flatMap((port) => ["--on", `root@${near.address}:${port}`]);
    const statuses = statusesOf(
      await person.regctl(["setup", "status", "--on", bare.name, ...closed, ...json]),
      6,
    );
    assert.deepEqual(
      statuses.map(({ error }) => error?.code),
      [undefined, "SSH_UNREACHABLE", "SSH_UNREACHABLE"],
    );
  });

  it("a sudo password for several hosts is announced", async () => {
    const on = [near, bare].flatMap(({ name }) => ["--on", `withpass@${name}`]);
    const env = { REGCTL_SUDO_PASSWORD: "lab-secret" };
    const { code, stderr } = await person.regctl(["setup", "insecure", registryOn(5003), ...on], { env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /REGCTL_SUDO_PASSWORD is sent to each of the 2 hosts/);
    assert.equal((await person.regctl(["setup", "undo", registryOn(5003), ...on], { env })).code, 0);
  });

  it("two runs at once on one host lose no entry", async () => {
    const running = await startSurvivor(near);
    const bytes = await bytesOf(near);
    const written = async (): Promise<readonly string[]> =>
      JSON.parse(await must(near, "cat", "/etc/docker/daemon.json"))["insecure-registries"];
    const together = (verb: string, ...registries: readonly string[]) =>
      Promise.all(
        registries.map(async (registry) =>
          hostOf(await person.regctl(["setup", verb, registry, "--on", near.name, ...json])),
        ),
      );
    for (let round = 0; round < 5; round += 1) {
      const registries = [registryOn(6000 + round), registryOn(7000 + round)];
      for (const { changed, proved } of await together("insecure", ...registries)) {
        assert.deepEqual([changed, proved], [true, true]);
      }
      assert.deepEqual((await registriesOf(near)).toSorted(), registries);
      assert.deepEqual((await written()).toSorted(), registries);
      for (const { changed } of await together("undo", ...registries)) assert.equal(changed, true);
      assert.deepEqual(await registriesOf(near), []);
      assert.equal(await bytesOf(near), bytes);
    }
    const twice = await together("insecure", registryOn(8000), registryOn(8000));
    assert.deepEqual(
      twice.map(({ proved }) => proved),
      [true, true],
    );
    assert.deepEqual(await written(), [registryOn(8000)]);
    await together("undo", registryOn(8000), registryOn(8000));
    assert.deepEqual(await registriesOf(near), []);
    assert.equal(await bytesOf(near), bytes);
    assert.equal(await survivorPidOf(near), running);
  });
});

function withoutHost(knownHosts: string, { address }: LabHost): string {
  return knownHosts
    .split("\n")
    .filter((line) => !line.startsWith(`${address},`))
    .join("\n");
}

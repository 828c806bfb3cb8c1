/** Setup with the rights that a login has: root, sudo with and without a password, the group docker, and none. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Finished } from "./command.ts";
import { eventually, must, registriesOf } from "./conduct.ts";
import { exchangesImages, lookAt, shell, startSurvivor, survivorPidOf } from "./engine-state.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, type RunOptions, statusOf } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Not the lab's usual password, which the tests of the lab itself write on command lines. */
const secret = `secret-${crypto.randomUUID()}`;

const forget = `echo '{"insecure-registries": []}' >/etc/docker/daemon.json; systemctl reload docker`;
const clean = "rm -f /etc/docker/daemon.json /etc/docker/*.before-regctl";

describe("rights", { skip, timeout: 300_000 }, () => {
  let host: LabHost;
  let person: Person;
  let registry: LabRegistry;
  let running: number;
  const setup = (user: string, args: readonly string[], options?: RunOptions): Promise<Finished> =>
    person.regctl(["setup", ...args, "--on", `${user}@${host.name}`], options);
  const json = ["--json", "--progress", "none"];

  before(async () => {
    host = await startHost("systemd");
    [person, registry] = await Promise.all([openPerson(host), startRegistry(host)]);
    running = await startSurvivor(host);
    const changed = await host.run(["chpasswd"], { input: `withpass:${secret}\n` });
    assert.equal(changed.code, 0, changed.stderr);
  });
  after(async () => {
    await person?.leave();
    await host?.stop();
  });

  it("sudo without a password is used unasked", async () => {
    const done = hostOf(await setup("nopass", ["insecure", registry.address, ...json]));
    assert.partialDeepStrictEqual(done, { changed: true, applied: "reload", proved: true });
    assert.equal(await exchangesImages(host, registry.address), true);
    assert.equal(
      await shell(host, "stat -c '%a %U' /var/lib/regctl /etc/docker/daemon.json"),
      "700 root\n644 root\n",
    );
    const undone = hostOf(await setup("nopass", ["undo", registry.address, ...json]));
    assert.partialDeepStrictEqual(undone, { changed: true, proved: true });
    assert.deepEqual(await registriesOf(host), []);
  });

  it("a sudo password arrives, and shows up nowhere", async () => {
    const watch = watchProcesses(secret);
    const outputs: string[] = [];
    const regctls: number[] = [];
    const options = {
      env: { REGCTL_SUDO_PASSWORD: secret },
      onStart: (pid: number) => void regctls.push(pid),
    };
    for (const args of [
      ["insecure", registry.address, "--verbose", "--progress", "plain"],
      ["insecure", registry.address, "--verbose", "--progress", "json", "--json"],
      ["undo", registry.address, "--verbose", "--ssh", "openssh"],
    ]) {
      const { code, stdout, stderr } = await setup("withpass", args, options);
      outputs.push(stdout, stderr);
      assert.equal(code, 0, stderr);
      const listed = (await registriesOf(host)).includes(registry.address);
      assert.equal(listed, args[0] === "insecure");
    }
    const { regctls: shown, others } = watch.stop();
    assert.deepEqual([...others], [], "processes that showed the password");
    for (const pid of regctls) assert.equal(shown.has(pid), true, "a run that was not watched");
    const logs = await shell(
      host,
      "journalctl --no-pager -o verbose; cat /var/log/*.log /root/.*history 2>/dev/null; true",
    );
    assert.match(logs, /sudo/);
    for (const text of [...outputs, logs]) assert.equal(text.includes(secret), false);
    const traces = await shell(
      host,
      "grep -rlF 'secret-' /var/lib/regctl /etc/docker /tmp /run /home 2>/dev/null || true",
    );
    assert.equal(traces, "");
  });

  it("a sudo password that sudo leaves unread, for its rules ask for none, is written nowhere", async () => {
    const rules = "/etc/sudoers.d/zz-shell";
    await shell(host, `echo 'withpass ALL=(root) NOPASSWD: /usr/bin/sh' >${rules} && chmod 440 ${rules}`);
    try {
      const sudo = (...argv: string[]) => host.run(["sudo", "-n", ...argv], { user: "withpass" });
      assert.notEqual((await sudo("true")).code, 0);
      assert.equal((await sudo("sh", "-c", ":")).code, 0);
      for (const ssh of ["node", "openssh"]) {
        const options = { env: { REGCTL_SUDO_PASSWORD: secret } };
        const args = [registry.address, "--ssh", ssh, ...json];
        const done = hostOf(await setup("withpass", ["insecure", ...args], options));
        assert.partialDeepStrictEqual(done, { changed: true, applied: "reload", proved: true });
        const text = `{\n  "insecure-registries": ["${registry.address}"]\n}\n`;
        assert.equal(await shell(host, "cat /etc/docker/daemon.json"), text);
        const undone = hostOf(await setup("withpass", ["undo", ...args], options));
        assert.partialDeepStrictEqual(undone, { changed: true, proved: true });
        const where = "/var/lib/regctl /var/log /etc /tmp /run /home /root";
        assert.equal(await shell(host, `grep -rIlF '${secret}' ${where} 2>/dev/null || true`), "");
        const logs = await shell(host, "journalctl --no-pager -o verbose");
        assert.equal(logs.includes(secret), false);
        assert.equal(await survivorPidOf(host), running);
      }
    } finally {
      await shell(host, `rm -f ${rules}`);
    }
  });

  for (const [title, env, reason] of [
    ["a wrong sudo password", { REGCTL_SUDO_PASSWORD: "wrong" }, /did not accept the password/],
    ["no sudo password", {}, /wants a password/],
  ] as const) {
    it(`${title} ends with 4 and changes nothing`, async () => {
      const before = await lookAt(host);
      const error = errorOf(await setup("withpass", ["insecure", registry.address, ...json], { env }), 4);
      assert.equal(error.code, "NO_RIGHTS");
      assert.match(error.message, reason);
      assert.equal(await lookAt(host), before);
    });
  }

  it("without sudo the commands to paste are named, and they work", async () => {
    const before = await lookAt(host);
    const env = { REGCTL_SUDO_PASSWORD: "lab-secret" };
    const error = errorOf(await setup("nosudo", ["insecure", registry.address, ...json], { env }), 4);
    assert.equal(error.code, "NO_RIGHTS");
    assert.match(error.message, /sudo does not allow this user/);
    assert.equal(await lookAt(host), before);
    const paste = error.remedies.findIndex((line) => line.endsWith("paste:"));
    await pastes(error.remedies.slice(paste + 1).join("\n"));
    assert.equal(await survivorPidOf(host), running);
  });

  it("--print gives a person without rights what to paste, also for an awkward file", async () => {
    const text = `{\n\t"labels": ["it's=a \\\\ %s $HOME", "long=${"long".repeat(80)}"]\n}`;
    await must(host, "sh", "-c", 'printf %s "$1" >/etc/docker/daemon.json', "write", text);
    const before = await lookAt(host);
    const printed = await setup("nosudo", ["insecure", registry.address, "--print"]);
    assert.equal(printed.code, 0, printed.stderr);
    assert.equal(await lookAt(host), before);
    await pastes(printed.stdout);
    assert.equal(await survivorPidOf(host), running);
  });

  async function pastes(lines: string): Promise<void> {
    const entry = `"insecure-registries": ["${registry.address}"]`;
    const before = await shell(host, "cat /etc/docker/daemon.json 2>/dev/null || true");
    const pasted = await host.run(["bash", "-ec", lines]);
    assert.equal(pasted.code, 0, pasted.stderr);
    const expected = before === "" ? `{\n  ${entry}\n}\n` : before.replace("\n}", `,\n\t${entry}\n}`);
    assert.equal(await shell(host, "cat /etc/docker/daemon.json"), expected);
    const loaded = async () => (await registriesOf(host)).includes(registry.address);
    await eventually("the engine to load what was pasted", loaded);
    const status = statusOf(await setup("root", ["status", registry.address, ...json]));
    assert.deepEqual(status.registries, [{ registry: registry.address, configured: true, effective: true }]);
    assert.equal(await exchangesImages(host, registry.address), true);
    // What somebody pasted is not ours to take away.
    const undone = hostOf(await setup("root", ["undo", registry.address, ...json]));
    assert.partialDeepStrictEqual(undone, { changed: false, nothing: "not-ours" });
    await shell(host, forget);
    await eventually("the engine to forget it", async () => (await registriesOf(host)).length === 0);
    await shell(host, clean);
  }

  it("a member of the group docker sees and plans, and may not change", async () => {
    const before = await lookAt(host);
    const status = statusOf(await setup("indocker", ["status", registry.address, ...json]));
    assert.partialDeepStrictEqual(status, { platform: "systemd-docker.io", restartStops: 1, problem: null });
    assert.deepEqual(status.registries, [
      { registry: registry.address, configured: false, effective: false },
    ]);
    const dry = hostOf(await setup("indocker", ["insecure", registry.address, "--dry-run", ...json]));
    assert.partialDeepStrictEqual(dry, { changed: true, applied: "reload", path: "/etc/docker/daemon.json" });
    const error = errorOf(await setup("indocker", ["insecure", registry.address, ...json]), 4);
    assert.equal(error.code, "NO_RIGHTS");
    assert.match(error.remedies.join("\n"), /sudo systemctl reload docker/);
    assert.equal(await lookAt(host), before);
  });
});

interface Seen {
  /** Runs of regctl that the word was given to: they prove that the watch sees. */
  readonly regctls: ReadonlySet<number>;
  readonly others: ReadonlySet<number>;
}

/** Looks at the command line and environment of every process of this machine and its hosts, over and over. */
function watchProcesses(word: string): { stop(): Seen } {
  const [regctls, others] = [new Set<number>(), new Set<number>()];
  const look = (pid: number): void => {
    const command = textOf(`/proc/${pid}/cmdline`);
    // A child of regctl that was forked and is not yet another program looks like regctl itself.
    const own = command.includes("/bin/run.js");
    if (command.includes(word)) others.add(pid);
    if (textOf(`/proc/${pid}/environ`).includes(word)) (own ? regctls : others).add(pid);
  };
  const timer = setInterval(() => {
    for (const name of readdirSync("/proc")) if (/^\d+$/.test(name)) look(Number(name));
  }, 15);
  return {
    stop: () => {
      clearInterval(timer);
      return { regctls, others };
    },
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

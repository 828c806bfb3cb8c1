/** What is broken, full, dead or hostile on real hosts: each is told for what it is, and the host stays whole. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { engineAnswers, must } from "./conduct.ts";
import {
  containerPid,
  daemonJson,
  defaultFile,
  enginePid,
  journalOf,
  listed,
  liveRestoreOf,
  loadText,
  readText,
  stateFolder,
  writeText,
} from "./fault-host.ts";
import { listenBabbling, listenWithTls } from "./fault-registry.ts";
import { startDriver } from "./fault-run.ts";
import { type Site, useSite } from "./fault-site.ts";
import { type LabHost, runContainer, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, setupOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;
const dead = "registry.test:5000";

/** Text, line, column, and what is said of it; engine 20.10. */
const brokenTexts: Readonly<Record<string, readonly [string, number, number, RegExp]>> = {
  "a syntax error": ['{\n  "debug": tru\n}\n', 2, 12, /not JSON/],
  "a comma too many": ['{"debug": true,\n}\n', 2, 1, /comma/],
  "a comment": ['{\n  // ours\n  "debug": true\n}\n', 2, 3, /comment/],
  "the singular key": ['{\n  "insecure-registry": ["a:1"]\n}\n', 2, 3, /the key is "insecure-registries"/],
  "a key that stands twice": [
    '{"insecure-registries": [],\n "insecure-registries": ["a:1"]}\n',
    2,
    2,
    /twice/,
  ],
  "no list": ['{"insecure-registries": "a:1"}\n', 1, 25, /no list/],
  "an entry that the engine refuses": ['{"insecure-registries": ["a/b"]}\n', 1, 26, /refuses the entry/],
  "a byte order mark": ['\uFEFF{"debug": true}\n', 1, 1, /byte order mark/],
  "no text at all": ["", 1, 1, /empty/],
};

describe("setup meets", { skip, concurrency: true, timeout: 400_000 }, () => {
  describe("a broken daemon.json:", { concurrency: 1 }, () => describeBroken(useSite("systemd")));
  describe("an engine or a registry:", { concurrency: 1 }, () => describeEngine(useSite("systemd")));
  describe("a file system:", { concurrency: 1 }, () => describeFiles(useSite("systemd")));
  describe("a restart:", { concurrency: 1 }, () => describeRestart(useSite("sysvinit")));
  describe("flags:", { concurrency: 1 }, () => describeFlags(useSite("systemd-flags")));
});

function describeBroken(open: () => Site): void {
  for (const [name, [text, line, column, problem]] of Object.entries(brokenTexts)) {
    it(name, async () => {
      const site = open();
      await writeText(site.host, daemonJson, text);
      const { message, remedies } = await site.refuses("CONFIG_BROKEN", 3, "insecure", dead);
      assert.ok(message.includes(`${daemonJson} on ${site.host.name}`), message);
      assert.ok(message.includes(`line ${line}, column ${column}:`), message);
      assert.match(message, problem);
      assert.match(remedies.join(), /sudoedit \/etc\/docker\/daemon\.json/);
    });
  }

  it("one that broke after setup stops undo as well", async () => {
    const site = open();
    await loadText(site.host, "{}\n", []);
    hostOf(await site.setup("insecure", dead));
    await writeText(site.host, daemonJson, '{"insecure-registries": [');
    await site.refuses("CONFIG_BROKEN", 3, "undo", dead);
  });
}

function describeEngine(open: () => Site): void {
  /** Sets up a registry that is not proved: whatever was in the file is there again, and the engine is the same. */
  const assertRolledBack = async (registry: string, text: string): Promise<string> => {
    const site = open();
    const pid = await enginePid(site.host);
    const error = errorOf(await site.setup("insecure", registry, "--timeout", "3"), 7);
    assert.equal(error.code, "NOT_PROVED", error.message);
    assert.equal(readText(site.host, daemonJson), text);
    assert.equal(await enginePid(site.host), pid);
    assert.ok(!(await listed(site.host)).includes(registry));
    assert.equal(journalOf(site.host).at(-1)?.state, "rolled-back");
    site.assertTidy();
    return error.message;
  };

  for (const [name, text, log] of [
    ["a key that nobody knows", '{"no-such-key": 1}\n', /no-such-key/],
    ["a key that is a flag as well", '{"hosts": ["unix:///run/other.sock"]}\n', /hosts/],
  ] as const) {
    it(`a reload refused for ${name}`, async () => {
      const { host } = open();
      await loadText(host, "{}\n", []);
      await writeText(host, daemonJson, text);
      const message = await assertRolledBack(dead, text);
      assert.match(message, /the engine does not list registry\.test:5000/);
      assert.match(message, /The engine's log:/);
      assert.match(message, log);
    });
  }

  it("a registry that is none", async () => {
    const { host } = open();
    await loadText(host, "{}\n", []);
    const babbling = await listenBabbling(host.gateway);
    try {
      assert.match(await assertRolledBack(babbling.address, "{}\n"), /malformed HTTP/);
    } finally {
      babbling.close();
    }
  });

  it("a registry that is dead", async () => {
    const site = open();
    await loadText(site.host, "{}\n", []);
    const closed = `${site.host.gateway}:9`;
    const done = hostOf(await site.setup("insecure", closed));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true });
    assert.match(done.warnings.join(), /did not answer the engine: .*connection refused/);
    hostOf(await site.setup("undo", closed));
    assert.equal(readText(site.host, daemonJson), "{}\n");
  });

  it("a certificate that the engine refuses, then one that it verifies", async () => {
    const site = open();
    const { host } = site;
    await loadText(host, "{}\n", []);
    const registry = await listenWithTls(host);
    try {
      assert.deepEqual(hostOf(await site.setup("insecure", registry.address)).warnings, []);
      hostOf(await site.setup("undo", registry.address));
      await writeText(host, `/etc/docker/certs.d/${registry.address}/ca.crt`, registry.authority);
      const { message, remedies } = await site.refuses("MISSING_ANSWER", 2, "insecure", registry.address);
      assert.match(`${message} ${remedies.join()}`, /certificate that the engine verifies.*--yes/s);
      hostOf(await site.setup("insecure", registry.address, "--yes"));
      assert.deepEqual(await listed(host), [registry.address]);
      hostOf(await site.setup("undo", registry.address));
    } finally {
      registry.close();
    }
  });

  it("an edit that nobody has loaded", async () => {
    const site = open();
    await loadText(site.host, "{}\n", []);
    await must(site.host, "sleep", "1.1");
    await writeText(site.host, daemonJson, '{"debug": true}\n');
    const plan = setupOf(await site.setup("insecure", dead, "--dry-run"));
    assert.match(plan.hosts[0]?.notes.join() ?? "", /daemon\.json was edited at .* come into force too/);
  });

  it("a key of the host that is another one", async () => {
    const site = open();
    const known = await readFile(site.person.knownHosts, "utf8");
    const other = (await readFile(`${site.host.keyFile}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
    try {
      await writeFile(site.person.knownHosts, `${site.host.address},${site.host.name} ${other}\n`);
      for (const ssh of ["node", "openssh"]) {
        await site.refuses("SSH_HOST_KEY_CHANGED", 3, "insecure", dead, "--ssh", ssh);
      }
    } finally {
      await writeFile(site.person.knownHosts, known);
    }
  });

  it("another run that is rolled back meanwhile", async () => {
    const site = open();
    const { host, person } = site;
    await loadText(host, '{"insecure-registries": ["kept.test:5000"]}\n', ["kept.test:5000"]);
    const babbling = await listenBabbling(host.gateway);
    const real = await startRegistry(host);
    try {
      const about = { action: "insecure", on: host.name, ssh: "node", do: "stand-still" } as const;
      const first = startDriver(person, { ...about, registry: babbling.address, at: "prove:1" });
      await first.standsStill;
      const second = startDriver(person, { ...about, registry: real.address, at: null });
      await second.waits;
      first.goOn();
      assert.equal((await first.ended).exitCode, 7);
      assert.equal((await second.ended).exitCode, 0);
      assert.deepEqual((await listed(host)).toSorted(), [real.address, "kept.test:5000"].toSorted());
      hostOf(await site.setup("undo", real.address));
      assert.equal(readText(host, daemonJson), '{"insecure-registries": ["kept.test:5000"]}\n');
    } finally {
      babbling.close();
      await real.stop();
    }
  });

  it("an engine that is stopped", async () => {
    const site = open();
    await must(site.host, "systemctl", "stop", "docker.socket", "docker");
    const { message, remedies } = await site.refuses("ENGINE_UNREACHABLE", 6, "insecure", dead);
    assert.match(message, /unix:\/\/\/var\/run\/docker\.sock/);
    assert.match(remedies.join(), /systemctl|docker/);
  });
}

const fillScript = 'dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null; [ -s "$1/filler" ]';

function describeFiles(open: () => Site): void {
  /** A tiny file system with the same files in the place of a folder. */
  const mountTiny = async (host: LabHost, folder: string) => {
    const script =
      'mkdir -p "$1" /tmp/aside && cp -a "$1/." /tmp/aside && mount -t tmpfs -o size=256k tiny "$1"';
    await must(host, "sh", "-c", `${script} && cp -a /tmp/aside/. "$1" && rm -r /tmp/aside`, "lab", folder);
  };
  const fill = (host: LabHost, folder: string) => must(host, "sh", "-c", fillScript, "lab", folder);

  for (const folder of ["/etc/docker", stateFolder]) {
    it(`no room in ${folder}`, async () => {
      const site = open();
      const { host } = site;
      await loadText(host, "{}\n", []);
      await mountTiny(host, folder);
      try {
        await fill(host, folder);
        const { message } = await site.refuses("HOST_FILE_FAILED", 1, "insecure", dead);
        assert.match(message, /[Nn]o space left on device/);
        assert.ok(message.includes(folder), message);
        await must(host, "rm", `${folder}/filler`);
        assert.equal(hostOf(await site.setup("insecure", dead)).proved, true);
        hostOf(await site.setup("undo", dead));
        assert.equal(readText(host, daemonJson), "{}\n");
      } finally {
        await must(host, "umount", folder);
      }
    });
  }

  it("no room left for the way back", async () => {
    const site = open();
    const { host } = site;
    await loadText(host, "{}\n", []);
    await mountTiny(host, "/etc/docker");
    await mountTiny(host, stateFolder);
    try {
      const about = { action: "insecure", on: host.name, ssh: "node", do: "stand-still" } as const;
      const run = startDriver(site.person, { ...about, registry: dead, at: "record:1" });
      await run.standsStill;
      await fill(host, "/etc/docker");
      await fill(host, stateFolder);
      run.goOn();
      assert.partialDeepStrictEqual(await run.ended, { exitCode: 1, error: "ROLLBACK_FAILED" });
      assert.equal(readText(host, daemonJson), `{"insecure-registries": ["${dead}"]}\n`);
      site.assertTidy();
      await must(host, "rm", "/etc/docker/filler", `${stateFolder}/filler`);
      assert.equal(hostOf(await site.setup("insecure", dead)).nothing, "already");
      hostOf(await site.setup("undo", dead));
      assert.equal(readText(host, daemonJson), "{}\n");
      assert.deepEqual(await listed(host), []);
    } finally {
      await must(host, "umount", "/etc/docker");
      await must(host, "umount", stateFolder);
    }
  });

  for (const [what, path] of [
    ["a folder that is read-only", "/etc/docker"],
    ["a file that is mounted read-only", daemonJson],
  ] as const) {
    it(what, async () => {
      const site = open();
      await loadText(site.host, "{}\n", []);
      await must(site.host, "mount", "--bind", path, path);
      await must(site.host, "mount", "-o", "remount,bind,ro", path);
      try {
        const { message } = await site.refuses("HOST_FILE_FAILED", 1, "insecure", dead);
        assert.match(message, /Read-only file system|resource busy/);
        assert.ok(message.includes(daemonJson), message);
      } finally {
        await must(site.host, "umount", path);
      }
    });
  }
}

/** An engine that dies of one registry: a wrapper in the place of its program. */
const fussyScript = `d=$(readlink -f "$(command -v dockerd)") && mv "$d" /usr/sbin/dockerd-real && cat >"$d" <<'END' && chmod 755 "$d"
#!/bin/sh
case $* in *fussy.test*) echo "level=fatal msg=fussy" >&2; exit 1 ;; esac
exec /usr/sbin/dockerd-real "$@"
END
service docker restart`;

function describeRestart(open: () => Site): void {
  const flags = (more: string) => `DOCKER_OPTS="--insecure-registry kept.test:5000${more}"\n`;

  it("after which the engine does not come back", async () => {
    const site = open();
    const { host } = site;
    await writeText(host, defaultFile, flags(""));
    await must(host, "service", "docker", "restart");
    await engineAnswers(host);
    const container = await runContainer(host, "survivor");
    await must(host, "sh", "-c", fussyScript);
    await engineAnswers(host);
    await must(host, "docker", "start", container);
    const error = errorOf(await site.setup("insecure", "fussy.test:5000", "--timeout", "5"), 7);
    assert.equal(error.code, "NOT_PROVED", error.message);
    assert.match(error.message, /msg=fussy/);
    assert.equal(readText(host, defaultFile), flags(""));
    assert.equal(readText(host, daemonJson), null);
    assert.deepEqual(await listed(host), ["kept.test:5000"]);
    assert.equal(await liveRestoreOf(host), false);
    assert.equal(await must(host, "docker", "inspect", "-f", "{{.State.Running}}", container), "true\n");
    site.assertTidy();
  });

  it("that an edit of before would not survive", async () => {
    const site = open();
    const { host } = site;
    await must(host, "sleep", "2.1");
    await writeText(host, defaultFile, flags(" --no-such-flag"));
    const plan = setupOf(await site.setup("insecure", dead, "--dry-run"));
    assert.match(plan.hosts[0]?.notes.join() ?? "", /\/etc\/default\/docker was edited at/);
    const container = (await must(host, "docker", "ps", "-q", "--no-trunc")).trim();
    const alive = await containerPid(host, container);
    const error = errorOf(await site.setup("insecure", dead, "--timeout", "3"), 1);
    assert.equal(error.code, "ROLLBACK_FAILED", error.message);
    assert.match(error.message, /unknown flag: --no-such-flag/);
    assert.equal(readText(host, defaultFile), flags(" --no-such-flag"));
    await writeText(host, defaultFile, flags(""));
    await must(host, "service", "docker", "start");
    await engineAnswers(host);
    assert.equal(await containerPid(host, container), alive);
    hostOf(await site.setup("undo", dead));
    assert.equal(readText(host, defaultFile), flags(""));
    assert.equal(readText(host, daemonJson), null);
    assert.equal(await liveRestoreOf(host), false);
  });
}

function describeFlags(open: () => Site): void {
  it("that the file contradicts", async () => {
    const site = open();
    await writeText(site.host, daemonJson, '{"insecure-registries": []}\n');
    const { message, remedies } = await site.refuses("CONFIG_CONFLICT", 3, "insecure", dead);
    assert.match(message, /daemon\.json.*--insecure-registry.*10-registry\.conf/s);
    assert.match(remedies.join(), /remove one of the two/);
  });
}

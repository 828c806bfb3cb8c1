/** The script that looks at a host, run for real: on this machine, and on the fixtures laid out as file systems. */
import assert from "node:assert/strict";
import { chmod, chown, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import type { HostFacts } from "../../src/platform/facts.ts";
import {
  filesOfInterest,
  observeArguments,
  parseFacts,
  parseOsRelease,
  parseUnit,
  readSystemFacts,
  stateFolderOf,
} from "../../src/platform/observe.ts";
import { observeScript } from "../../src/platform/observe-script.ts";
import { parseFrames } from "../../src/platform/parse-frames.ts";
import type { CommandResult, Host } from "../../src/ports.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";
import {
  bootTime,
  commOf,
  type FixtureHost,
  fixtureFacts,
  fixtureNames,
  loginFiles,
  loginHome,
  printFrames,
  readFixture,
  startTicks,
  usualSocket,
} from "./hosts.ts";

const local = createLocalHost(spawn);

async function hasBusybox(): Promise<boolean> {
  return (await local.run(["busybox", "ash", "-c", "true"])).code === 0;
}

/** Shells that hosts have: this machine's sh, bash, and busybox where they are installed. */
const shells: Readonly<Record<string, readonly string[] | null>> = {
  sh: ["sh"],
  bash: (await local.run(["bash", "-c", "true"])).code === 0 ? ["bash", "--posix"] : null,
  "busybox ash": (await hasBusybox()) ? ["busybox", "ash"] : null,
};

/** Asks again, as the product does, when a process went away while it was looked at. */
async function observeHere(args: readonly string[]) {
  for (let attempt = 0; attempt < 10; attempt++) {
    const { stdout } = await local.run(["sh", "-c", observeScript, "regctl-observe", ...args]);
    const frames = parseFrames(stdout);
    if (frames) return parseFacts("here", usualSocket, frames);
  }
  return assert.fail("ten times no whole frames");
}

describe("on this machine", () => {
  test("the script prints whole frames and what is known here is right", async () => {
    const facts = await readSystemFacts(local, "/no/such/docker.sock");
    assert.equal(facts.host, "localhost");
    assert.equal(facts.rights === "root", process.getuid?.() === 0);
    assert.ok(Math.abs(facts.now - Date.now() / 1000) < 300, "the clock");
    assert.equal(facts.socketExists, false);
    assert.deepEqual(Object.keys(facts.files).slice(0, filesOfInterest.length), filesOfInterest);
    for (const daemon of facts.daemons)
      assert.equal(daemon.ownsSocket === "yes", false, "nobody owns no socket");
  });

  test("a file of ours is shown with its bytes, link, mode and owner", async () => {
    await using home = await createTempHome();
    const text = "\u0000 not a frame: end 2\nok\n\u00e9";
    await writeFile(`${home.path}/real`, text, { mode: 0o640 });
    await symlink("real", `${home.path}/link`);
    await symlink("nothing", `${home.path}/dangling`);
    const args = [
      usualSocket,
      `${home.path}/journal`,
      ...["link", "dangling", "absent"].map((n) => `${home.path}/${n}`),
    ];
    const { files } = await observeHere(args);
    const link = files[`${home.path}/link`];
    assert.deepEqual(
      { text: link?.text, target: link?.target, mode: link?.mode, uid: link?.uid },
      { text, target: `${home.path}/real`, mode: "640", uid: process.getuid?.() },
    );
    const dangling = files[`${home.path}/dangling`];
    assert.deepEqual([dangling?.text, dangling?.target], [null, `${home.path}/nothing`]);
    assert.equal(files[`${home.path}/absent`]?.text, null);
  });

  test("the journal's entries are shown by name", async () => {
    await using home = await createTempHome();
    await mkdir(`${home.path}/journal`);
    await writeFile(`${home.path}/journal/2026.json`, '{"version":1}\n');
    await writeFile(`${home.path}/journal/.half.part`, "{");
    const args = [usualSocket, home.path];
    assert.deepEqual((await observeHere(args)).journal, {
      "2026.json": '{"version":1}\n',
    });
  });

  test("a file that our rights do not reach is told from one that is not there", async (context) => {
    if (process.getuid?.() === 0) return context.skip("root reads everything");
    await using home = await createTempHome();
    await writeFile(`${home.path}/secret`, "x", { mode: 0 });
    const args = [usualSocket, home.path, `${home.path}/secret`];
    const file = (await observeHere(args)).files[`${home.path}/secret`];
    assert.deepEqual([file?.unreadable, file?.text], [true, null]);
  });
});

/** Paths of the script that are made to lead below `root`; the files that it is told of as well. */
function below(root: string): string {
  const moved = observeScript
    .replace(/(?<![\w}])\/(?=(?:proc|etc|run|sbin|var|usr\/lib|usr\/sbin|\.dockerenv)[/ ;\]\n])/g, `${root}/`)
    .replace("stat -L -c '%d:%i' / ", `stat -L -c '%d:%i' ${root}/ `)
    .replaceAll('[ -d "$c" ]', `[ -d "\${c:+${root}$c}" ]`)
    .replace('for f in "$c"/*', `for f in "${root}$c"/*`)
    .replace('more="$more$nl$f"; done\nshown', `more="$more$nl\${f#${root}}"; done\nshown`)
    .replaceAll('show "$f"', `show "${root}$f"`);
  assert.doesNotMatch(moved, /[\s"]\/(proc|etc|var|run)\//, "a path was left out");
  return moved;
}

const inode = 4242;

const clients: Readonly<Record<string, readonly string[]>> = {
  70000: ["docker", "compose", "up", "-d"],
  70001: ["/usr/bin/docker", "run", "-d", "--name", "daemon", "img", "daemon"],
  70002: ["docker"],
};

/** A fixture as a file system: its files, and a /proc with its daemons. */
async function layOut(host: FixtureHost, root: string): Promise<void> {
  await cp(host.root, root, { recursive: true, verbatimSymlinks: true }).catch((error: unknown) => {
    if (!String(error).includes("ENOENT")) throw error;
  });
  const put = async (path: string, text: string, mode = 0o644) => {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, text, { mode });
    await chmod(root + path, mode);
  };
  await mkdir(`${root}/other-root`);
  await put("/proc/stat", `cpu 1 2 3\nbtime ${bootTime}\n`);
  await put(
    "/proc/sys/kernel/osrelease",
    host.markers.includes("wsl") ? "5.15.1-microsoft-standard-WSL2\n" : "6.1.0\n",
  );
  const socket = `${root}${usualSocket}`;
  const head = "Num       RefCount Protocol Flags    Type St Inode Path\n";
  const inUse = `${head}0000000000000000: 00000002 00000000 00010000 0001 01 ${inode} ${socket}\n`;
  // Who runs it without root has given it a network of its own, and sockets are listed by network.
  const isOwn = host.daemons.some(({ config }) => config !== undefined);
  await put("/proc/net/unix", isOwn ? head : inUse);
  for (const daemon of host.daemons) {
    const folder = `/proc/${daemon.pid}`;
    await put(`${folder}/comm`, `${commOf(daemon)}\n`);
    await put(`${folder}/cmdline`, daemon.argv.map((word) => `${word}\0`).join(""));
    const fields = Array.from({ length: 52 }, (_, index) => (index === 21 ? startTicks : 0)).slice(2);
    await put(`${folder}/stat`, `${daemon.pid} (an (odd) name) ${fields.join(" ")}\n`);
    await mkdir(`${root}${folder}/fd`);
    await symlink(`socket:[${daemon.owns === "no" ? 1 : inode}]`, `${root}${folder}/fd/3`);
    await symlink(daemon.root === "other" ? `${root}/other-root` : `${root}/`, `${root}${folder}/root`);
    await symlink(daemon.exe, `${root}${folder}/exe`);
    if (daemon.config !== undefined) {
      await put(`${folder}/net/unix`, inUse);
      await put(`${folder}/environ`, `HOME=${dirname(daemon.config)}\0XDG_CONFIG_HOME=\0`);
    }
    // As nobody but root may.
    if (daemon.uid !== undefined) await chown(root + folder, daemon.uid, daemon.uid).catch(() => {});
  }
  // A client and a shim are no daemons.
  for (const [pid, words] of Object.entries(clients)) {
    await put(`/proc/${pid}/comm`, "docker\n");
    await put(`/proc/${pid}/cmdline`, words.map((word) => `${word}\0`).join(""));
  }
  if (host.pidFile !== null) await put("/var/run/docker.pid", `${host.pidFile}\n`);
  if (host.init === "systemd") await mkdir(`${root}/run/systemd/system`, { recursive: true });
  if (host.markers.includes("boot2docker")) await mkdir(`${root}/var/lib/boot2docker`, { recursive: true });
  for (const program of ["/sbin/init", "/sbin/openrc-run"]) {
    await chmod(root + program, 0o755).catch(() => {});
  }
  const answer = (text: string | null) =>
    text === null ? "#!/bin/sh\nexit 127\n" : `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`;
  await put("/bin-of-test/systemctl", answer(host.systemctl?.trimEnd() ?? null), 0o755);
  const version = host.version === null ? null : `Docker version ${host.version}, build 1234567`;
  for (const program of ["docker", "dockerd"]) await put(`/bin-of-test/${program}`, answer(version), 0o755);
}

async function observeFixture(name: string, shell: readonly string[]) {
  await using home = await createTempHome();
  const host = readFixture(name);
  const root = `${home.path}/r`;
  await mkdir(root);
  await layOut(host, root);
  await mkdir(`${root}/var/run`, { recursive: true });
  const server = net.createServer();
  if (host.engine) await new Promise<void>((resolve) => server.listen(`${root}${usualSocket}`, resolve));
  try {
    const login = `HOME=${loginHome} XDG_CONFIG_HOME= COLIMA_HOME=`;
    const script = `PATH=${root}/bin-of-test:$PATH ${login}\n${below(root)}`;
    const args = [`${root}${usualSocket}`, `${root}/var/lib/regctl`, ...filesOfInterest, ...loginFiles];
    const { stdout, stderr } = await local.run([...shell, "-c", script, "regctl-observe", ...args]);
    const printed = stdout.toString("latin1");
    const frames = parseFrames(stdout);
    assert.ok(frames, `${name}: no whole frames: ${printed.slice(-200)}${stderr}`);
    return comparable(parseFacts(name, usualSocket, frames), root);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Facts without what differs between a fixture and a temporary folder: owners, modes, times, and its name. */
function comparable(facts: Omit<HostFacts, "engine" | "engineProblem">, root: string) {
  const { now: _, user: __, rights: ___, home: ____, files, daemons, markers, ...rest } = facts;
  const known = {
    ...rest,
    markers: [...markers].sort(),
    daemons: [...daemons].sort((a, b) => a.pid - b.pid).map((daemon) => ({ ...daemon, uid: 0 })),
    files: Object.values(files)
      .map(({ path, target, text, unreadable, sha256 }) => ({ path, target, text, unreadable, sha256 }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  return root === "" ? known : JSON.parse(JSON.stringify(known).replaceAll(root, ""));
}

for (const [shell, argv] of Object.entries(shells)) {
  describe(`${shell} on the fixtures`, {
    skip: argv === null ? `${shell} is not installed` : false,
    concurrency: 2,
  }, () => {
    for (const name of fixtureNames) {
      test(`${name}: the script prints what the fixture says`, async () => {
        const { engine: _, engineProblem: __, ...expected } = fixtureFacts(name);
        assert.deepEqual(await observeFixture(name, argv ?? []), sorted(comparable(expected, "")));
      });
    }
  });
}

function sorted<T extends { files: readonly { path: string }[] }>(facts: T): T {
  return JSON.parse(JSON.stringify(facts));
}

describe("output of a host", () => {
  test("cut short is asked for again, three times at most", async () => {
    const whole = printFrames(readFixture("systemd-docker.io"));
    const answers = (cuts: number) => {
      let asked = 0;
      const run = async (): Promise<CommandResult> => {
        asked += 1;
        const stdout = asked <= cuts ? whole.subarray(0, whole.length - asked) : whole;
        return { code: 0, stdout, stderr: Buffer.alloc(0) };
      };
      return { ...local, run, asked: () => asked };
    };
    const twice = answers(2);
    assert.equal((await readSystemFacts(twice, usualSocket)).unit?.mainPid, 500);
    assert.equal(twice.asked(), 3);
    await assert.rejects(readSystemFacts(answers(3), usualSocket), /cut short three times/);
  });

  test("a shell that fails is told with what it said", async () => {
    const run = async () => ({ code: 2, stdout: Buffer.alloc(0), stderr: Buffer.from("sh: syntax error\n") });
    const host: Host = { ...local, run };
    await assert.rejects(readSystemFacts(host, usualSocket), /HOST_COMMAND_FAILED.*syntax error/);
  });

  test("the journal stands where a reboot does not lose it", () => {
    assert.equal(stateFolderOf(new Set()), "/var/lib/regctl");
    assert.equal(stateFolderOf(new Set(["boot2docker"])), "/var/lib/boot2docker/regctl");
    assert.match(observeArguments(usualSocket)[2] ?? "", /^j=\/var\/lib\/regctl; .*boot2docker\/regctl/);
  });

  test("os-release: quotes of both kinds, comments, CR LF", () => {
    assert.deepEqual(parseOsRelease("# x\nID=debian\r\nNAME=\"A B\"\nV='1'\nbad line\nEMPTY=\n"), {
      ID: "debian",
      NAME: "A B",
      V: "1",
      EMPTY: "",
    });
  });

  test("a unit: several environment files and drop-ins, either name of the property, none at all", () => {
    const shown = [
      "Id=docker.service",
      "LoadState=loaded",
      "MainPID=7",
      "ActiveState=active",
      "FragmentPath=/lib/systemd/system/docker.service",
      "DropInPaths=/etc/systemd/system/docker.service.d/a.conf /run/systemd/b.conf",
      "EnvironmentFiles=/etc/default/docker (ignore_errors=yes)",
      "EnvironmentFiles=/etc/x (ignore_errors=no)",
      "ExecStart={ path=/a ; argv[]=/a old ; ignore_errors=no ; }",
      "ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// $O ; ignore_errors=no ; }",
      "ExecReload=",
    ].join("\n");
    const unit = parseUnit(shown);
    assert.deepEqual(unit?.environmentFiles, ["/etc/default/docker", "/etc/x"]);
    assert.deepEqual(
      parseUnit(shown.replaceAll("EnvironmentFiles=", "EnvironmentFile="))?.environmentFiles,
      unit?.environmentFiles,
    );
    assert.equal(unit?.dropInPaths.length, 2);
    assert.equal(unit?.execStart, "/usr/bin/dockerd -H fd:// $O");
    assert.equal(unit?.canReload, false);
    assert.equal(parseUnit("Id=docker.service\nLoadState=not-found\n"), null);
    assert.equal(parseUnit(""), null);
  });
});

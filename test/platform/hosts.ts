/** Hosts as facts: built by hand, or read from a fixture folder by way of the very frames that a host would print. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { DaemonProcess, EngineFacts, HostFacts, HostFile } from "../../src/platform/facts.ts";
import { filesOfInterest, homeFilesOfInterest, parseFacts } from "../../src/platform/observe.ts";
import { parseFrames } from "../../src/platform/parse-frames.ts";

export const fixtureFolder = fileURLToPath(new URL("../fixtures/platform/hosts", import.meta.url));
export const fixtureNames = readdirSync(fixtureFolder).sort();

/** When the fixtures' hosts were booted and looked at, in seconds; their daemons started 10 s after the boot. */
export const bootTime = 1_700_000_000;
export const startTicks = 1000;
const lookedAt = bootTime + 86_400;

/** Of the login, on fixtures. */
export const loginHome = "/home/me";
export const loginFiles = homeFilesOfInterest.map((path) => path.replace("~", loginHome));

export const usualSocket = "/var/run/docker.sock";

export function engineFacts(given: Partial<EngineFacts> = {}): EngineFacts {
  return {
    version: "20.10.24+dfsg1",
    apiVersion: "1.41",
    operatingSystem: "Debian GNU/Linux 12 (bookworm)",
    name: "host",
    rootDir: "/var/lib/docker",
    rootless: false,
    liveRestore: false,
    swarm: false,
    labels: [],
    insecure: ["127.0.0.0/8"],
    mirrors: [],
    running: [],
    lastReload: null,
    ...given,
  };
}

export function hostFile(path: string, text: string | null, given: Partial<HostFile> = {}): HostFile {
  return {
    path,
    target: path,
    text,
    unreadable: false,
    mode: text === null ? "" : "644",
    uid: 0,
    gid: 0,
    modified: bootTime - 3600,
    sha256: text === null ? null : createHash("sha256").update(text).digest("hex"),
    ...given,
  };
}

export function hostFiles(texts: Readonly<Record<string, string | null>>): HostFacts["files"] {
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, hostFile(path, text)]));
}

export function daemonProcess(argv: readonly string[], given: Partial<DaemonProcess> = {}): DaemonProcess {
  return {
    pid: 500,
    argv,
    executable: "/usr/sbin/dockerd",
    uid: 0,
    started: bootTime + 10,
    startTicks: String(startTicks),
    sameRoot: true,
    ownsSocket: "yes",
    ...given,
  };
}

/** A Debian host with its docker.io under systemd unless something else is given; no files. */
export function hostFacts(given: Partial<HostFacts> = {}): HostFacts {
  return {
    host: "host",
    user: "root",
    rights: "root",
    now: lookedAt,
    osRelease: { ID: "debian" },
    init: "systemd",
    markers: new Set(),
    socket: usualSocket,
    socketExists: true,
    daemons: [daemonProcess(["/usr/sbin/dockerd", "-H", "fd://"])],
    pidFile: 500,
    unit: {
      name: "docker.service",
      mainPid: 500,
      activeState: "active",
      fragmentPath: "/lib/systemd/system/docker.service",
      dropInPaths: [],
      environmentFiles: ["/etc/default/docker"],
      execStart: "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS",
      canReload: true,
    },
    binaryVersion: null,
    files: {},
    journal: {},
    engine: engineFacts(),
    engineProblem: null,
    ...given,
  };
}

interface FixtureDaemon {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly exe: string;
  readonly comm?: string;
  readonly uid?: number;
  /** Whether it holds the socket that is asked for; default yes. */
  readonly owns?: "no";
  /** Its root file system is not ours. */
  readonly root?: "other";
  /** Of a daemon that is not root's: the folder of its user's settings. */
  readonly config?: string;
}

/** A fixture folder: `host.json`, `systemctl-show` where systemd is, and below `root/` the files at their places. */
export interface FixtureHost {
  readonly name: string;
  readonly root: string;
  readonly init: string;
  readonly markers: readonly string[];
  readonly pidFile: number | null;
  readonly version: string | null;
  readonly daemons: readonly FixtureDaemon[];
  readonly engine: Partial<EngineFacts> | null;
  readonly systemctl: string | null;
}

export function readFixture(name: string): FixtureHost {
  const folder = `${fixtureFolder}/${name}`;
  const host = JSON.parse(readFileSync(`${folder}/host.json`, "utf8")) as Omit<FixtureHost, "name">;
  const shown = `${folder}/systemctl-show`;
  const systemctl = existsSync(shown) ? readFileSync(shown, "utf8") : null;
  return { ...host, name, root: `${folder}/root`, systemctl };
}

export function commOf(daemon: FixtureDaemon): string {
  return (daemon.comm ?? basename(daemon.exe)).slice(0, 15);
}

export function frame(name: string, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`${name} ${bytes.length}\n`), bytes, Buffer.from("\n")]);
}

/** What the observe script prints on such a host. */
export function printFrames(host: FixtureHost): Buffer {
  const say = (name: string, text: string | null): Buffer[] => (text === null ? [] : [frame(name, text)]);
  const release = readText(`${host.root}/etc/os-release`);
  const named = [...filesOfInterest, ...loginFiles, ...filesNamed(host)];
  return Buffer.concat([
    ...say("login", "root"),
    ...say("home", loginHome),
    ...say("rights", "root"),
    ...say("now", String(lookedAt)),
    ...say("boot", String(bootTime)),
    ...say("os-release", release),
    ...say("init", host.init),
    ...host.markers.flatMap((marker) => say("marker", marker)),
    ...say("socket", host.engine ? "present" : "absent"),
    ...host.daemons.flatMap((daemon) => [
      ...say("daemon", daemonLine(daemon)),
      ...say("cmdline", daemon.argv.join("\n")),
      ...say("config", daemon.config ?? null),
    ]),
    ...say("pidfile", host.pidFile === null ? null : `${host.pidFile}\n`),
    // The shell takes the line ends off what a command prints.
    ...say("unit", host.systemctl === null ? null : host.systemctl.trimEnd()),
    ...say("version", host.version === null ? null : `Docker version ${host.version}, build 1234567`),
    ...named.flatMap((path) => fileFrames(host.root, path)),
    ...say("end", "ok"),
  ]);
}

function daemonLine({ pid, uid = 0, owns, root, exe }: FixtureDaemon): string {
  return [pid, uid, owns ?? "yes", root === "other" ? "no" : "yes", startTicks, exe].join("|");
}

function filesNamed(host: FixtureHost): readonly string[] {
  const show = host.systemctl ?? "";
  const values = (pattern: RegExp) => [...show.matchAll(pattern)].map((match) => match[1] ?? "");
  const configFiles = host.daemons.flatMap(({ argv, config }) => {
    const at = argv.indexOf("--config-file");
    return [
      ...(config === undefined ? [] : [`${config}/docker/daemon.json`]),
      ...(at < 0 ? [] : [argv[at + 1] ?? ""]),
      ...argv.flatMap((word) => word.split("--config-file=")[1] ?? []),
    ];
  });
  return [
    ...configFiles,
    ...values(/^EnvironmentFiles?=([^ \n]*)/gm),
    ...values(/^FragmentPath=(.*)$/gm),
    ...values(/^DropInPaths=(.*)$/gm).flatMap((paths) => paths.split(" ")),
    ...colimaFiles(host),
  ].filter((path) => path !== "");
}

/** Those of Colima's machines, in its folder below the login's home. */
function colimaFiles({ root }: FixtureHost): readonly string[] {
  const folder = `${loginHome}/.colima`;
  if (!existsSync(root + folder)) return [];
  return readdirSync(root + folder).map((profile) => `${folder}/${profile}/colima.yaml`);
}

function fileFrames(root: string, path: string): readonly Buffer[] {
  const target = resolveBelow(root, path);
  const bytes = readBytes(root + target);
  if (bytes === null) return [frame("file", `${path}|${target}|absent||0|0|0`)];
  return [frame("file", `${path}|${target}|present|644|0|0|${bootTime - 3600}`), frame("content", bytes)];
}

/** Follows links inside the fixture; the last component need not exist. */
function resolveBelow(root: string, path: string): string {
  const folder = root + dirname(path);
  if (!existsSync(folder)) return path;
  const real = `${realpathSync(folder)}/${basename(path)}`;
  return real.slice(realpathSync(root).length);
}

function readBytes(path: string): Buffer | null {
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path) : null;
}

function readText(path: string): string | null {
  return readBytes(path)?.toString("utf8") ?? null;
}

/** The facts of a fixture's host, parsed as they would be from a real one. */
export function fixtureFacts(name: string, given: Partial<HostFacts> = {}): HostFacts {
  const host = readFixture(name);
  const frames = parseFrames(printFrames(host));
  if (frames === null) throw new Error(`the frames of ${name} are no frames`);
  const system = parseFacts(name, usualSocket, frames);
  const engine = host.engine === null ? null : engineFacts(host.engine);
  return { ...system, engine, engineProblem: engine ? null : "no such socket", ...given };
}

/** Freezes data through and through, so that whoever changes it is caught. */
export function freezeDeep<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freezeDeep(part);
  }
  return value;
}

import { createHash } from "node:crypto";
import { RegctlError } from "../errors.ts";
import type { CommandResult, Host } from "../ports.ts";
import type { DaemonProcess, DockerUnit, HostFacts, HostFile } from "./facts.ts";
import { observeScript } from "./observe-script.ts";
import { type Frame, parseFrames } from "./parse-frames.ts";
import { parseRights, withBestRights } from "./rights.ts";

/** Files that decide on one platform or another; absent ones cost nothing. */
export const filesOfInterest: readonly string[] = [
  "/etc/docker/daemon.json",
  "/etc/default/docker",
  "/etc/default/docker.io",
  "/etc/sysconfig/docker",
  "/etc/conf.d/docker",
  "/etc/init.d/docker",
  "/etc/init/docker.conf",
  "/var/lib/boot2docker/profile",
  "/var/snap/docker/current/config/daemon.json",
];

/** The same below the login's own home. */
export const homeFilesOfInterest: readonly string[] = [
  "~/.docker/daemon.json",
  "~/.orbstack/config/docker.json",
];

/** Where the backups and the journal of a host live; boot2docker keeps nothing else over a reboot. */
export function stateFolderOf(markers: ReadonlySet<string>): string {
  return markers.has("boot2docker") ? "/var/lib/boot2docker/regctl" : "/var/lib/regctl";
}

/** Where the same lives for what a login changes of its own. */
export function loginStateFolder(home: string): string {
  return `${home}/.local/state/regctl/host`;
}

/** Everything but the engine's own answers. */
export type SystemFacts = Omit<HostFacts, "engine" | "engineProblem">;

/** Looks at a host, as root if the login is root or sudo asks for no password. One round trip. */
export async function readSystemFacts(host: Host, socket: string): Promise<SystemFacts> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const result = await host.run(withBestRights(observeArguments(socket)), { timeoutMs: 30_000 });
    const frames = parseFrames(result.stdout);
    if (frames) return parseFacts(host.name, socket, frames);
    if (result.code !== 0 && result.code !== null) throw failed(host, result);
  }
  throw new RegctlError("HOST_COMMAND_FAILED", {
    host: host.name,
    command: "sh (reading the host's configuration)",
    code: 0,
    output: "the output was cut short three times",
  });
}

/** The journal folder differs on boot2docker; asking for both would cost a round trip, so the shell picks. */
export function observeArguments(socket: string): readonly string[] {
  const pick = `j=/var/lib/regctl; [ -d /var/lib/boot2docker ] && j=/var/lib/boot2docker/regctl; s=$1; shift; set -- "$s" "$j" "$@"\n`;
  const files = [...filesOfInterest, ...homeFilesOfInterest];
  return ["sh", "-c", pick + observeScript, "regctl-observe", socket, ...files];
}

function failed(host: Host, result: CommandResult): RegctlError {
  return new RegctlError("HOST_COMMAND_FAILED", {
    host: host.name,
    command: "sh (reading the host's configuration)",
    code: result.code,
    output: result.stderr.toString("utf8").trim(),
  });
}

/** Frames of the observe script as facts. */
export function parseFacts(host: string, socket: string, frames: readonly Frame[]): SystemFacts {
  const text = (name: string) => frames.find((frame) => frame.name === name)?.bytes.toString("utf8") ?? "";
  const bootTime = Number(text("boot")) || 0;
  const journal: Record<string, string> = {};
  const daemons: DaemonProcess[] = [];
  frames.forEach((frame, index) => {
    const next = frames[index + 1];
    if (frame.name === "entry") journal[frame.bytes.toString("utf8")] = next?.bytes.toString("utf8") ?? "";
    if (frame.name === "daemon") daemons.push(parseDaemon(frame, [next, frames[index + 2]], bootTime));
  });
  return {
    host,
    user: text("login"),
    home: text("home"),
    rights: parseRights(text("rights")),
    now: Number(text("now")),
    osRelease: parseOsRelease(text("os-release")),
    init: parseInit(text("init")),
    markers: new Set(
      frames.filter((frame) => frame.name === "marker").map((frame) => frame.bytes.toString("utf8")),
    ),
    socket,
    socketExists: text("socket") === "present",
    daemons,
    pidFile: Number(text("pidfile")) || null,
    unit: parseUnit(text("unit")),
    binaryVersion: /version ([^ ,]+)/.exec(text("version"))?.[1] ?? null,
    files: filesOf(frames),
    journal,
  };
}

/** The files among frames, by the name that was asked for. */
export function filesOf(frames: readonly Frame[]): Readonly<Record<string, HostFile>> {
  const files: Record<string, HostFile> = {};
  frames.forEach((frame, index) => {
    if (frame.name !== "file") return;
    const next = frames[index + 1];
    const file = parseFile(frame, next?.name === "content" ? next.bytes : null);
    files[file.path] = file;
  });
  return files;
}

function parseFile(frame: Frame, content: Buffer | null): HostFile {
  const [path = "", target = "", state, mode = "", uid, gid, modified] = frame.bytes
    .toString("utf8")
    .split("|");
  const present = state === "present" && content !== null;
  return {
    path,
    target,
    text: present ? content.toString("utf8") : null,
    unreadable: state === "unreadable",
    mode,
    uid: Number(uid),
    gid: Number(gid),
    modified: Number(modified),
    sha256: present ? createHash("sha256").update(content).digest("hex") : null,
  };
}

/** Of /proc/PID/stat, whatever the kernel's own clock: USER_HZ of every architecture that runs Docker. */
const ticksPerSecond = 100;

function parseDaemon(
  frame: Frame,
  [cmdline, config]: readonly (Frame | undefined)[],
  bootTime: number,
): DaemonProcess {
  const [pid, uid, own, same, start, executable = ""] = frame.bytes.toString("utf8").split("|");
  const argv = cmdline?.name === "cmdline" ? cmdline.bytes.toString("utf8").split("\n") : [];
  return {
    pid: Number(pid),
    argv,
    executable: executable.replace(/ \(deleted\)$/, ""),
    uid: Number(uid),
    started: bootTime + Math.floor(Number(start) / ticksPerSecond),
    startTicks: start ?? "",
    sameRoot: same !== "no",
    ownsSocket: own === "yes" || own === "no" ? own : "unknown",
    ...(config?.name === "config" ? { configHome: config.bytes.toString("utf8") } : {}),
  };
}

function parseInit(text: string): HostFacts["init"] {
  const known = ["systemd", "openrc", "upstart", "sysvinit"] as const;
  return known.find((init) => init === text) ?? "none";
}

/** os-release(5): shell-like assignments, quotes removed. */
export function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line);
    if (match?.[1]) fields[match[1]] = (match[2] ?? "").trim().replace(/^(["'])(.*)\1$/, "$2");
  }
  return fields;
}

/** `systemctl show` output; null when there is no such unit. */
export function parseUnit(text: string): DockerUnit | null {
  const values = (key: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1))
      .filter((value) => value !== "");
  if (values("LoadState")[0] !== "loaded") return null;
  return {
    name: values("Id")[0] ?? "docker.service",
    mainPid: Number(values("MainPID")[0] ?? 0),
    activeState: values("ActiveState")[0] ?? "unknown",
    fragmentPath: values("FragmentPath")[0] ?? "",
    dropInPaths: (values("DropInPaths")[0] ?? "").split(" ").filter(Boolean),
    // Which of the two names systemctl prints depends on its version.
    environmentFiles: [...values("EnvironmentFiles"), ...values("EnvironmentFile")].map((value) =>
      value.replace(/ \(ignore_errors=.*\)$/, ""),
    ),
    execStart: /argv\[\]=(.*?) ; ignore_errors/.exec(values("ExecStart").at(-1) ?? "")?.[1] ?? "",
    canReload: values("ExecReload").length > 0,
  };
}

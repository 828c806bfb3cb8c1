/**
 * What was read on a host before anything is decided: plain data, no methods. Paths are the host's, times are
 * seconds since 1970 by the host's clock.
 */

/** A file as it was found. `text` is null when there is none; `unreadable` when our rights do not reach it. */
export interface HostFile {
  /** The name asked for. */
  readonly path: string;
  /** Where symlinks lead; the same as `path` when there are none. */
  readonly target: string;
  readonly text: string | null;
  readonly unreadable: boolean;
  /** Octal permission bits as `stat -c %a` prints them, e.g. "644"; "" when absent. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly modified: number;
  /** Of the bytes; null when absent or unreadable. */
  readonly sha256: string | null;
}

/** A running docker daemon. */
export interface DaemonProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly executable: string;
  readonly uid: number;
  readonly started: number;
  /** Start in clock ticks since boot: with the pid, it names this very process. */
  readonly startTicks: string;
  /** It sees the same root file system and process ids as we do: its files are the ones we would edit. */
  readonly sameRoot: boolean;
  /** It holds the listening end of the socket that was asked for; "unknown" without the rights to look. */
  readonly ownsSocket: "yes" | "no" | "unknown";
  /** `$XDG_CONFIG_HOME` of a daemon that is not root's, or what it would be. */
  readonly configHome?: string;
}

/** What systemd says of the unit that runs dockerd. */
export interface DockerUnit {
  readonly name: string;
  readonly mainPid: number;
  readonly activeState: string;
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
  readonly environmentFiles: readonly string[];
  readonly execStart: string;
  readonly canReload: boolean;
}

/** How far our rights go on that host. */
export type Rights = "root" | "sudo" | "none";

export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly name: string;
  readonly rootDir: string;
  readonly rootless: boolean;
  readonly liveRestore: boolean;
  readonly swarm: boolean;
  readonly labels: readonly string[];
  /** What the engine really holds: CIDRs and names that it would talk to without a verified certificate. */
  readonly insecure: readonly string[];
  readonly mirrors: readonly string[];
  /** Ids of running containers. */
  readonly running: readonly string[];
  /** When it last loaded its file by signal; null when it never did or does not say. */
  readonly lastReload: number | null;
}

export interface HostFacts {
  readonly host: string;
  readonly user: string;
  /** The login's own, whatever rights are used. */
  readonly home?: string;
  readonly rights: Rights;
  readonly now: number;
  readonly osRelease: Readonly<Record<string, string>>;
  /** What process 1 and the file system say: `systemd` only when it was really booted. */
  readonly init: "systemd" | "openrc" | "upstart" | "sysvinit" | "none";
  /** Things whose mere presence tells something: `container`, `wsl`, `snap-docker`, `synology`, … */
  readonly markers: ReadonlySet<string>;
  readonly socket: string;
  readonly socketExists: boolean;
  readonly daemons: readonly DaemonProcess[];
  /** Pid written in the engine's pid file, null when there is none. */
  readonly pidFile: number | null;
  readonly unit: DockerUnit | null;
  /** Version of the installed binary (`dockerd --version`), which may differ from the running one. */
  readonly binaryVersion: string | null;
  readonly files: Readonly<Record<string, HostFile>>;
  /** Texts of the journal's entries, by file name. */
  readonly journal: Readonly<Record<string, string>>;
  readonly engine: EngineFacts | null;
  /** Why `engine` is null. */
  readonly engineProblem: string | null;
  /** The engine's configuration file, where the kind of host tells it rather than the daemon's command line. */
  readonly daemonJson?: string;
  /** What that is written in, by the name of the format, where it is not Docker's own JSON. */
  readonly daemonFormat?: string;
}

/**
 * The daemon that answers on the socket: the one that owns it, or the only one there is. A child that it has just
 * forked, and that is not another program yet, looks the same in all but its age.
 */
export function daemonOf(facts: Pick<HostFacts, "daemons">): DaemonProcess | undefined {
  const byAge = facts.daemons.toSorted((a, b) => Number(a.startTicks) - Number(b.startTicks));
  const owner = byAge.find((daemon) => daemon.ownsSocket === "yes");
  if (owner) return owner;
  const [first, ...others] = byAge.filter((daemon) => daemon.ownsSocket === "unknown");
  const same = (other: DaemonProcess) => other.argv.join("\0") === first?.argv.join("\0");
  return others.every(same) ? first : undefined;
}

/** Version of the engine that runs, else of the one that is installed. */
export function engineVersionOf(facts: HostFacts): string | null {
  return facts.engine?.version ?? facts.binaryVersion;
}

/** What a dockerd was told on its command line: `/proc/PID/cmdline`, or the ExecStart of its unit. */

export interface DaemonArguments {
  readonly configFile?: string;
  readonly hosts: readonly string[];
  readonly pidFile?: string;
  readonly dataRoot?: string;
  readonly execRoot?: string;
  readonly containerd?: string;
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
  readonly liveRestore?: boolean;
  readonly validate: boolean;
}

const shortFlags: Readonly<Record<string, string>> = { H: "host", p: "pidfile", g: "data-root" };

/** `graph` was `data-root` before 17.05. */
const longFlags: Readonly<Record<string, string>> = { graph: "data-root" };

const valued = new Set([
  "config-file",
  "host",
  "pidfile",
  "data-root",
  "exec-root",
  "containerd",
  "insecure-registry",
  "registry-mirror",
]);

/** Takes a whole argv, the program's name first; `docker daemon …` and `docker -d …` are read alike. */
export function parseDaemonArguments(argv: readonly string[]): DaemonArguments {
  const given = new Map<string, string[]>();
  const words = argv.slice(1);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") break;
    const flag = parseFlag(word);
    if (flag === null) continue;
    const value = flag.value ?? (valued.has(flag.name) ? words[++index] : "true");
    given.set(flag.name, [...(given.get(flag.name) ?? []), value ?? ""]);
  }
  return collect(given);
}

function parseFlag(word: string): { name: string; value: string | undefined } | null {
  const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
  if (long !== null) {
    const name = long[1] ?? "";
    return { name: longFlags[name] ?? name, value: long[2] };
  }
  const short = /^-(\w)=?([\s\S]*)$/.exec(word);
  const name = shortFlags[short?.[1] ?? ""];
  if (short === null || name === undefined) return null;
  return { name, value: short[2] === "" ? undefined : short[2] };
}

function collect(given: ReadonlyMap<string, readonly string[]>): DaemonArguments {
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const [configFile, pidFile, dataRoot] = [last("config-file"), last("pidfile"), last("data-root")];
  const [execRoot, containerd, liveRestore] = [last("exec-root"), last("containerd"), last("live-restore")];
  return {
    hosts: given.get("host") ?? [],
    insecureRegistries: given.get("insecure-registry") ?? [],
    registryMirrors: given.get("registry-mirror") ?? [],
    validate: isTrue(last("validate") ?? "false"),
    ...(configFile === undefined ? {} : { configFile }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(dataRoot === undefined ? {} : { dataRoot }),
    ...(execRoot === undefined ? {} : { execRoot }),
    ...(containerd === undefined ? {} : { containerd }),
    ...(liveRestore === undefined ? {} : { liveRestore: isTrue(liveRestore) }),
  };
}

/** The spellings that the engine's flag parser takes for true. */
function isTrue(value: string): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(value);
}

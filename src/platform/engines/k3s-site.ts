/**
 * A node of k3s or RKE2 as it is found: who runs it, with which files, and what its containerd was given when it
 * started. Both read `registries.yaml` at their start and make containerd's files of it.
 * @see https://github.com/k3s-io/k3s pkg/agent/containerd/config.go
 */
import { parse } from "smol-toml";
import { RegctlError } from "../../errors.ts";
import type { HostFacts, HostFile } from "../facts.ts";
import { type RegistriesYaml, readRegistriesYaml } from "../formats/registries-yaml.ts";
import { readYaml } from "../formats/yaml-text.ts";
import { readHostFiles } from "../look-at.ts";
import { fileOf } from "../owner.ts";
import type { Service } from "../platform.ts";
import type { EngineKind, EngineSite } from "./engine-kind.ts";

export interface Distribution extends Pick<EngineKind, "name" | "title"> {
  readonly program: string;
  /** Holds `registries.yaml` and `config.yaml`. */
  readonly folder: string;
  readonly data: string;
  /** A node is a server or an agent. */
  readonly services: readonly string[];
  /** Its crictl, given where it keeps its data. */
  crictl(data: string): readonly string[];
}

export interface NodeService {
  readonly name: string;
  readonly active: boolean;
  readonly manager: "systemd" | "openrc";
}

/** What containerd was given. */
export interface InForce {
  readonly insecure: readonly string[];
  /** URLs with a slash at their end, by the registry whose images they have. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
}

export interface K3sSite {
  readonly distribution: Distribution;
  readonly facts: HostFacts;
  readonly path: string;
  readonly data: string;
  readonly version: string | null;
  /** Null where nobody would start it again. */
  readonly service: NodeService | null;
  readonly configured: RegistriesYaml;
  readonly inForce: InForce;
}

const lookScript = `
PATH=$PATH:/usr/local/bin:/opt/rke2/bin; p=$1; shift
printf 'version %s\\n' "$("$p" --version 2>/dev/null | head -n 1)"
for u in "$@"; do
  if [ -d /run/systemd/system ]; then
    s=$(systemctl show "$u" -p LoadState -p ActiveState -p ExecStart 2>/dev/null)
    case $s in *LoadState=loaded*) ;; *) continue ;; esac
    case $s in *ActiveState=active*) a=active ;; *) a=inactive ;; esac
    printf 'service %s systemd %s %s\\n' "$u" $a "$(printf '%s\\n' "$s" | sed -n 's/^ExecStart=//p' | tr '\\n' ' ')"
  elif [ -x "/etc/init.d/$u" ]; then
    rc-service "$u" status >/dev/null 2>&1 && a=active || a=inactive
    printf 'service %s openrc %s %s\\n' "$u" $a "$(tr '\\n' ' ' <"/etc/init.d/$u")"
  fi
done
`;

/** @throws RegctlError CONFIG_BROKEN, ENGINE_CANNOT, NO_RIGHTS, HOST_COMMAND_FAILED */
export async function lookAtK3s(site: EngineSite, distribution: Distribution): Promise<K3sSite> {
  const actor = site.root ?? site.host;
  const config = `${distribution.folder}/config.yaml`;
  const argv = ["sh", "-c", lookScript, "regctl-k3s", distribution.program, ...distribution.services];
  const [{ stdout }, first] = await Promise.all([
    actor.run(argv, { timeoutMs: 30_000 }),
    readHostFiles(actor, [config]),
  ]);
  const { version, services } = parseServices(stdout.toString("utf8"));
  const service = services.find(({ active }) => active) ?? services[0];
  const options = optionsOf(service?.command ?? "", first[config]?.text ?? "");
  if (options.docker) throw runsDocker(site.facts.host, distribution);
  const path = options.registries ?? `${distribution.folder}/registries.yaml`;
  const data = options.data ?? distribution.data;
  const generated = `${data}/agent/etc/containerd`;
  const folders = [path, ...foldersOf(path)];
  const files = await readHostFiles(actor, [
    ...folders,
    `${generated}/config.toml`,
    `${generated}/certs.d//`,
  ]);
  const facts = { ...site.facts, files: { ...site.facts.files, ...files } };
  const { text, unreadable } = fileOf(facts, path);
  const { host, user } = facts;
  if (unreadable)
    throw new RegctlError("NO_RIGHTS", { host, user, reason: `${path} cannot be read`, paste: [] });
  const configured = readRegistriesYaml(text);
  if (configured.problem) throw new RegctlError("CONFIG_BROKEN", { host, path, ...configured.problem });
  const inForce = inForceOf(Object.values(files));
  return { distribution, facts, path, data, version, service: service ?? null, configured, inForce };
}

/** Those that may have to be made for a file, innermost first. */
export function foldersOf(path: string): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return [folder, folder.slice(0, folder.lastIndexOf("/"))].filter((each) => each !== "");
}

/** Pure. */
export function parseServices(text: string) {
  const lines = text.split("\n");
  const version = lines.map((line) => /^version .* v?(\d\S*)/.exec(line)?.[1]).find((each) => each);
  const services = lines.flatMap((line) => {
    const [, name = "", manager, state, command = ""] =
      /^service (\S+) (systemd|openrc) (active|inactive) ?(.*)$/.exec(line) ?? [];
    if (manager !== "systemd" && manager !== "openrc") return [];
    return [{ name, manager, active: state === "active", command } as const];
  });
  return { version: version ?? null, services };
}

/** Flags count before `config.yaml`. Pure. */
export function optionsOf(command: string, config: string) {
  const flag = (name: string) => new RegExp(`--${name}[= ]["']?([^\\s"';]+)`).exec(command)?.[1];
  const { value } = readYaml(config);
  const map = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const option = (name: string) => flag(name) ?? (typeof map[name] === "string" ? map[name] : undefined);
  return {
    registries: option("private-registry"),
    data: option("data-dir"),
    docker: /\s--docker(\s|$|=true)/.test(command) || map.docker === true,
  };
}

function runsDocker(host: string, { title }: Distribution): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host,
    what: "registries.yaml",
    why: `${title} was told to run its pods by Docker, which has files of its own`,
    instead: ["Tell Docker instead: --engine docker"],
  });
}

/** Of `hosts.toml` files, and of the one `config.toml` of versions before them. Pure. */
export function inForceOf(files: readonly Pick<HostFile, "path" | "text">[]): InForce {
  const insecure = new Set<string>();
  const mirrors: Record<string, readonly string[]> = {};
  const note = (registry: string, urls: readonly string[], unverified: boolean) => {
    const parsed = urls.filter((url) => URL.canParse(url)).map((url) => new URL(url));
    const own = parsed.filter(({ host }) => host === registry);
    if (unverified || own.some(({ protocol }) => protocol === "http:")) insecure.add(registry);
    const others = parsed.filter(({ host }) => host !== registry && !isHub(registry, host));
    if (others.length > 0) mirrors[registry] = others.map(({ protocol, host }) => `${protocol}//${host}/`);
  };
  for (const { path, text } of files) {
    if (text === null) continue;
    const root = tomlOf(text);
    if (path.endsWith("/hosts.toml")) {
      const registry = path.split("/").at(-2) ?? "";
      const hosts = Object.entries(tableOf(root.host));
      const own = hosts.filter(([url]) => URL.canParse(url) && new URL(url).host === registry);
      const unverified = [root, ...own.map(([, how]) => tableOf(how))].some(
        (how) => how.skip_verify === true,
      );
      note(
        registry,
        hosts.map(([url]) => url),
        unverified,
      );
    } else if (path.endsWith("/config.toml")) {
      const cri = tableOf(tableOf(root.plugins)["io.containerd.grpc.v1.cri"]);
      const registries = tableOf(cri.registry);
      for (const [registry, mirror] of Object.entries(tableOf(registries.mirrors))) {
        const { endpoint } = tableOf(mirror);
        const urls = Array.isArray(endpoint) ? endpoint.filter((url) => typeof url === "string") : [];
        note(registry, urls, false);
      }
      for (const [registry, config] of Object.entries(tableOf(registries.configs))) {
        if (tableOf(tableOf(config).tls).insecure_skip_verify === true) insecure.add(registry);
      }
    }
  }
  return { insecure: [...insecure], mirrors };
}

const isHub = (registry: string, host: string): boolean =>
  registry === "docker.io" && /^(registry-1|index)\.docker\.io$/.test(host);

/** What does not parse says nothing. */
function tomlOf(text: string): Record<string, unknown> {
  try {
    return parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The commands of whoever runs the node; pods go on while it starts anew. */
export function serviceOf({ service }: Pick<K3sSite, "service">): Service {
  if (service === null) return { reload: ["true"], restart: null, start: null, log: ["true"] };
  const { name, manager } = service;
  if (manager === "openrc") {
    const restart = [["rc-service", name, "restart"]];
    return { reload: ["true"], restart, start: restart, log: ["tail", "-n", "20", `/var/log/${name}.log`] };
  }
  return {
    reload: ["true"],
    restart: [["systemctl", "restart", name]],
    start: [
      ["systemctl", "reset-failed", name],
      ["systemctl", "start", name],
    ],
    log: ["journalctl", "-u", name, "-n", "20", "--no-pager", "-o", "cat"],
  };
}

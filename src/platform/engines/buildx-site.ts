/** Builders that buildx runs as containers of one node, as it keeps them for a login. */
import { parse } from "smol-toml";
import { RegctlError } from "../../errors.ts";
import type { HostFacts } from "../facts.ts";
import { readHostFiles } from "../look-at.ts";
import { loginStateFolder } from "../observe.ts";
import type { EngineSite } from "./engine-kind.ts";

export interface Builder {
  readonly name: string;
  readonly node: string;
  /** An address or a context of Docker's. */
  readonly endpoint: string;
  readonly platforms: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** Builds go there where none is named: in one context of Docker's, or in all. */
  readonly current: "context" | "global" | null;
  readonly runs: boolean;
  /** What it was given, with the paths of its certificates where they lie for the next one; null for nothing. */
  readonly toml: string | null;
  /** Those certificates, by these paths. */
  readonly certificates: Readonly<Record<string, string>>;
}

export interface BuildxSite {
  readonly facts: HostFacts;
  readonly version: string | null;
  readonly uid: number;
  readonly gid: number;
  /** Where buildx keeps them. */
  readonly instances: string;
  /** Ours: a folder for each builder, and `certs` for certificates of registries. */
  readonly folder: string;
  readonly builders: readonly Builder[];
  /** Names of those that are made of several nodes, or by others. */
  readonly others: readonly string[];
}

const lookScript = `
d=\${BUILDX_CONFIG:-\${DOCKER_CONFIG:-$HOME/.docker}/buildx}
printf 'login %s %s %s\\n' "$(id -u)" "$(id -g)" "$HOME"
printf 'instances %s\\n' "$d/instances"
printf 'version %s\\n' "$(docker buildx version 2>/dev/null)"
[ -r "$d/current" ] && printf 'current %s\\n' "$(tr -d '\\n' <"$d/current")"
for f in "$d"/instances/*; do
  grep -q '"Driver": *"docker-container"' "$f" 2>/dev/null && printf 'builder %s\\n' "$(tr -d '\\n' <"$f")"
done
docker ps --filter name=buildx_buildkit_ --format 'running {{.Names}}' 2>/dev/null
exit 0
`;

/** What buildx writes into a builder's file for those that it takes along. */
const inside = "/etc/buildkit/";

/** @throws RegctlError CONFIG_BROKEN, HOST_COMMAND_FAILED */
export async function lookAtBuildx(site: EngineSite): Promise<BuildxSite> {
  const { stdout } = await site.host.run(["sh", "-c", lookScript, "regctl-buildx"], { timeoutMs: 30_000 });
  const lines = stdout.toString("utf8").split("\n");
  const said = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [uid = "0", gid = "0", home = ""] = (said("login")[0] ?? "").split(" ");
  const folder = `${loginStateFolder(home)}/buildx`;
  const current = jsonOf(said("current")[0] ?? "") as { Name?: string; Global?: boolean } | null;
  const records = said("builder").flatMap((text) => (jsonOf(text) as Instance | null) ?? []);
  const running = new Set(said("running"));
  const builders = records.filter(isSimple).map((record) => {
    const isCurrent = current?.Name === record.Name ? (current.Global ? "global" : "context") : null;
    return builderOf(record, folder, running, isCurrent);
  });
  for (const { name, toml } of builders) assertToml(site, `${said("instances")[0]}/${name}`, toml);
  const paths = builders.flatMap(({ name, certificates }) => [
    ...[configOf(folder, name), earlierOf(folder, name)],
    ...Object.keys(certificates),
  ]);
  const files = await readHostFiles(site.host, [...paths, folder]);
  return {
    facts: { ...site.facts, files: { ...site.facts.files, ...files } },
    version: /v(\d[^\s]*)/.exec(said("version")[0] ?? "")?.[1] ?? null,
    uid: Number(uid),
    gid: Number(gid),
    instances: said("instances")[0] ?? "",
    folder,
    builders,
    others: records.filter((record) => !isSimple(record)).map(({ Name }) => Name),
  };
}

/** What a builder is made of next. */
export const configOf = (folder: string, builder: string): string => `${folder}/${builder}/buildkitd.toml`;
/** What it was made of before, should it have to be that again. */
export const earlierOf = (folder: string, builder: string): string => `${folder}/${builder}/earlier.toml`;

/** All of ours above a file, innermost first. */
export function foldersAbove(folder: string, path: string): readonly string[] {
  const parts = path
    .slice(folder.length + 1)
    .split("/")
    .slice(0, -1);
  const below = parts.map((_, at) => `${folder}/${parts.slice(0, at + 1).join("/")}`);
  return [...below.reverse(), folder];
}

/** @see https://github.com/docker/buildx/blob/master/store/nodegroup.go */
interface Instance {
  readonly Name: string;
  readonly Dynamic?: boolean;
  readonly Nodes: readonly {
    readonly Name: string;
    readonly Endpoint: string;
    readonly Platforms?: readonly { architecture: string; os: string; variant?: string }[] | null;
    readonly DriverOpts?: Readonly<Record<string, string>> | null;
    readonly Flags?: readonly string[] | null;
    /** By path below /etc/buildkit, in base64; null for an empty file. */
    readonly Files?: Readonly<Record<string, string | null>> | null;
  }[];
}

const isSimple = ({ Nodes, Dynamic }: Instance): boolean => Nodes.length === 1 && Dynamic !== true;

function builderOf(
  { Name: name, Nodes: [node] }: Instance,
  folder: string,
  running: ReadonlySet<string>,
  current: Builder["current"],
): Builder {
  if (node === undefined) throw new RegctlError("INTERNAL", { what: "a builder without a node" });
  const files = Object.entries(node.Files ?? {}).map(
    ([path, bytes]) => [path, Buffer.from(bytes ?? "", "base64").toString("utf8")] as const,
  );
  const toml = files.find(([path]) => path === "buildkitd.toml")?.[1];
  const here = `${folder}/${name}/`;
  return {
    name,
    node: node.Name,
    endpoint: node.Endpoint,
    platforms: (node.Platforms ?? []).map(({ os, architecture, variant }) =>
      [os, architecture, ...(variant ? [variant] : [])].join("/"),
    ),
    options: node.DriverOpts ?? {},
    flags: node.Flags ?? [],
    current,
    runs: running.has(`buildx_buildkit_${node.Name}`),
    toml: toml === undefined ? null : toml.replaceAll(`"${inside}certs/`, `"${here}certs/`),
    certificates: Object.fromEntries(
      files.filter(([path]) => path.startsWith("certs/")).map(([path, text]) => [`${here}${path}`, text]),
    ),
  };
}

function assertToml({ facts: { host } }: EngineSite, path: string, toml: string | null): void {
  try {
    parse(toml ?? "");
  } catch (error) {
    const problem = (error as Error).message.split("\n")[0] ?? "";
    throw new RegctlError("CONFIG_BROKEN", { host, path, line: 1, column: 1, problem });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

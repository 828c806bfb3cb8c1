/** What containerd makes of registries on a host: its folder of hosts.toml files, and whether its CRI looks there. */
import { RegctlError } from "../../errors.ts";
import type { HostFacts, HostFile } from "../facts.ts";
import { type ContainerdRegistry, readContainerdDump } from "../formats/containerd-config.ts";
import { type HostsToml, parseHostsToml } from "../formats/hosts-toml.ts";
import { readHostFiles } from "../look-at.ts";
import type { EngineSite } from "./engine-kind.ts";

export interface ContainerdSite {
  readonly version: string | null;
  /** Null when containerd did not tell. */
  readonly config: ContainerdRegistry | null;
  /** Holds a folder for each registry. */
  readonly folder: string;
  /** With all files of that folder and `config.toml`. */
  readonly facts: HostFacts;
}

export const containerdToml = "/etc/containerd/config.toml";
const usualFolder = "/etc/containerd/certs.d";

const lookScript = "containerd --version && containerd config dump";

/** @throws RegctlError HOST_COMMAND_FAILED, NO_RIGHTS */
export async function lookAtContainerd(site: EngineSite): Promise<ContainerdSite> {
  const actor = site.root ?? site.host;
  const dumped = await actor.run(["sh", "-c", lookScript, "regctl-look"], { timeoutMs: 30_000 });
  const said = dumped.stdout.toString("utf8");
  const end = said.indexOf("\n") + 1;
  const config = readContainerdDump(said.slice(end));
  const paths = config?.configPath ?? [];
  const folder = paths.includes(usualFolder) ? usualFolder : (paths[0] ?? usualFolder);
  const files = await readHostFiles(actor, [
    containerdToml,
    "/etc/containerd",
    folder,
    `${folder}/`,
    `${folder}//`,
  ]);
  const { host, user } = site.facts;
  const hidden = Object.values(files).find(
    ({ text, unreadable, path }) => unreadable && text === null && isFile(path),
  );
  if (hidden) {
    throw new RegctlError("NO_RIGHTS", { host, user, reason: `${hidden.path} cannot be read`, paste: [] });
  }
  const version = / v?(\d[^\s]*)/.exec(said.slice(0, end))?.[1] ?? null;
  return { version, config, folder, facts: { ...site.facts, files: { ...site.facts.files, ...files } } };
}

const isFile = (path: string): boolean => /\.(toml|crt|cert|key|pem)$/.test(path);

/** Those that can be read, by the registry that they are about. */
export function rulesOf(look: ContainerdSite): ReadonlyMap<string, HostsToml> {
  const rules = hostsFilesOf(look).flatMap(({ path, text }) => {
    const read = parseHostsToml(text ?? "");
    return read ? [[registryOf(path), read] as const] : [];
  });
  return new Map(rules);
}

function hostsFilesOf({ facts, folder }: ContainerdSite): readonly HostFile[] {
  return Object.values(facts.files).filter(
    ({ path, text }) => path.startsWith(`${folder}/`) && path.endsWith("/hosts.toml") && text !== null,
  );
}

export function registryOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

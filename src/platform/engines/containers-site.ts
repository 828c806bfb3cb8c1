/**
 * What Podman, Buildah, Skopeo and CRI-O read of registries on a host: for all users below /etc, and what a user has of
 * their own. Files are read with every command, whoever runs it.
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 */
import { RegctlError } from "../../errors.ts";
import type { HostFacts, HostFile } from "../facts.ts";
import {
  type RegistryTable,
  readOwnRegistry,
  readRegistriesConf,
  renderOwnRegistry,
  tableFor,
} from "../formats/registries-conf.ts";
import { readHostFiles } from "../look-at.ts";
import type { EngineSite } from "./engine-kind.ts";
import type { Without } from "./own-undo.ts";

/** Whose files are changed: everybody's with the rights for it, else the login's own. */
export interface Scope {
  readonly asLogin: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Holds `registries.conf`, `registries.conf.d` and `certs.d`. */
  readonly folder: string;
}

export interface ContainersSite {
  readonly scope: Scope;
  /** With the files of registries.conf. */
  readonly facts: HostFacts;
  /** Of whoever runs commands, in the order in which they count: later ones take the place of earlier ones. */
  readonly files: readonly HostFile[];
  readonly tables: readonly (RegistryTable & { readonly path: string })[];
  /** Its version, as the first of the programs that are there says; null when none is. */
  readonly version: string | null;
  readonly notes: readonly string[];
}

const system = "/etc/containers";

const whoScript = `
id -u; id -g; printf '%s\\n' "\${XDG_CONFIG_HOME:-$HOME/.config}"
for c in "$@"; do command -v "$c" >/dev/null && { "$c" --version; break; }; done
exit 0
`;

/**
 * @param programs whose version is asked for, the first that is there
 * @param systemOnly for what never runs as a person
 * @throws RegctlError HOST_COMMAND_FAILED, NO_RIGHTS
 */
export async function lookAtContainers(
  site: EngineSite,
  programs: readonly string[],
  systemOnly = false,
): Promise<ContainersSite> {
  const actor = site.root ?? site.host;
  const argv = ["sh", "-c", whoScript, "regctl-who", ...programs];
  const { stdout } = await site.host.run(argv, { timeoutMs: 30_000 });
  const [uid, gid, config = "", version = ""] = stdout.toString("utf8").split("\n");
  const own = `${config}/containers`;
  const asLogin = !systemOnly && site.root === null && uid !== "0";
  const scope: Scope = asLogin
    ? { asLogin, uid: Number(uid), gid: Number(gid), folder: own }
    : { asLogin: false, uid: 0, gid: 0, folder: system };
  const folders = systemOnly ? [system] : [system, own];
  const paths = folders.flatMap((folder) => [
    `${folder}/registries.conf`,
    `${folder}/registries.conf.d`,
    `${folder}/registries.conf.d/`,
    folder,
  ]);
  const files = await readHostFiles(actor, paths);
  const facts = { ...site.facts, files: { ...site.facts.files, ...files } };
  const hides = !systemOnly && isThere(files[`${own}/registries.conf`]);
  const read = (hides ? [own] : folders).flatMap((folder) => filesOf(files, folder));
  // Somebody else's commands read what is told to everybody, whatever the login has of its own.
  const counting = scope.asLogin || !hides ? read : filesOf(files, system);
  return {
    scope,
    facts,
    files: counting,
    tables: counting.flatMap((file) => tablesOf(site, file)),
    version: / version v?([^\s,]+)/.exec(version)?.[1] ?? null,
    notes: hides && !scope.asLogin ? [hidingNote(site.facts.user, own)] : [],
  };
}

function hidingNote(user: string, own: string): string {
  return `${own}/registries.conf is there, so commands of ${user} read nothing below ${system}: take that file away, or write the same into it`;
}

function isThere(file: HostFile | undefined): boolean {
  return file !== undefined && (file.text !== null || file.unreadable);
}

/** The main file first, then its drop-ins by name. */
function filesOf(files: Readonly<Record<string, HostFile>>, folder: string): readonly HostFile[] {
  const main = files[`${folder}/registries.conf`];
  const dropIns = Object.values(files)
    .filter(({ path }) => path.startsWith(`${folder}/registries.conf.d/`) && path.endsWith(".conf"))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return [...(main && isThere(main) ? [main] : []), ...dropIns];
}

function tablesOf({ facts: { host, user } }: EngineSite, { path, text, unreadable }: HostFile) {
  if (unreadable) {
    throw new RegctlError("NO_RIGHTS", { host, user, reason: `${path} cannot be read`, paste: [] });
  }
  const { tables, isVersion1, problem } = readRegistriesConf(text ?? "");
  if (problem) throw new RegctlError("CONFIG_BROKEN", { host, path, ...problem });
  if (isVersion1) {
    throw new RegctlError("CONFIG_CONFLICT", {
      host,
      path,
      problem: `${path} is written in version 1, with [registries…] tables, which newer programs refuse and which does not mix with [[registry]] tables`,
      remedy: "man containers-registries.conf",
    });
  }
  return tables.map((table) => ({ ...table, path }));
}

/** What is not verified is as good as HTTP. */
export function shownMirror({ location, insecure }: RegistryTable["mirrors"][number]): string {
  return `${insecure ? "http" : "https"}://${location}/`;
}

/** One that is asked without a verified certificate is asked over HTTPS first and over HTTP then: both are meant. */
export function mirrorsOf({ mirrors }: RegistryTable): readonly string[] {
  return mirrors.flatMap(({ location, insecure }) => [
    `https://${location}/`,
    ...(insecure ? [`http://${location}/`] : []),
  ]);
}

/** What nobody else says is not in force any more. */
export function listedAfter(
  { tables }: ContainersSite,
  registry: string,
  after: ReadonlyMap<string, string | null>,
) {
  const left = tables.flatMap((table) => {
    const text = after.get(table.path);
    if (text === undefined) return [table];
    const own = text === null ? null : readOwnRegistry(text);
    return own ? [{ ...table, insecure: own.insecure }] : [];
  });
  return tableFor(left, registry)?.insecure === true ? {} : { [registry]: false };
}

export const withoutOwn: Without = (text, entry, edit) => {
  const own = readOwnRegistry(text);
  if (own === null || edit.change?.purpose !== "file") return own === null ? undefined : text;
  const left =
    entry.action === "mirror"
      ? { ...own, mirrors: own.mirrors.filter(({ location }) => location !== edit.change?.entry) }
      : { ...own, insecure: false };
  return left.insecure || left.mirrors.length > 0 ? renderOwnRegistry(left) : null;
};

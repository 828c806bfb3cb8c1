/** A buildkitd of the host itself, not one in a container, as it is found. */
import { RegctlError } from "../../errors.ts";
import type { HostFacts } from "../facts.ts";
import { type BuildkitdToml, readBuildkitdToml } from "../formats/buildkitd-toml.ts";
import { readHostFiles } from "../look-at.ts";
import { fileOf } from "../owner.ts";
import type { EngineSite } from "./engine-kind.ts";

export interface BuildkitDaemon {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, to within one. */
  readonly started: number;
  readonly argv: readonly string[];
  /** The unit of systemd that runs it, and whose systemd that is; null where nobody would start it again. */
  readonly unit: { readonly name: string; readonly user: boolean } | null;
}

export interface BuildkitSite {
  readonly facts: HostFacts;
  readonly version: string | null;
  /** Null when none runs. */
  readonly daemon: BuildkitDaemon | null;
  /** It belongs to the login, and so do its files. */
  readonly asLogin: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  /** Address for `buildctl`. */
  readonly address: string;
  readonly configured: BuildkitdToml;
  /** It has started since its file was written; false when it does not run. */
  readonly isRead: boolean;
}

const lookScript = `
LC_ALL=C; PATH=$PATH:/usr/local/bin
printf 'login %s %s %s\\n' "$(id -u)" "$(id -g)" "\${XDG_CONFIG_HOME:-$HOME/.config}"
printf 'version %s\\n' "$(buildkitd --version 2>/dev/null)"
root=$(stat -L -c %d:%i / 2>/dev/null); boot=$(sed -n 's/^btime //p' /proc/stat); hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
for p in /proc/[0-9]*; do
  read -r c < "$p/comm" && [ "$c" = buildkitd ] || continue
  r=$(stat -L -c %d:%i "$p/root" 2>/dev/null) || r=$root
  [ "$r" = "$root" ] || continue
  read -r line < "$p/stat" || continue
  set -- \${line##*") "}
  printf 'daemon %s %s %s %s\\n' "\${p#/proc/}" "$(stat -c '%u %g' "$p")" $((boot + \${20} / hz)) "$(sed 's/^.*://' "$p/cgroup" | grep -m 1 '\\.service')"
  tr '\\0' '\\n' < "$p/cmdline" | sed 's/^/word /'
done 2>/dev/null
exit 0
`;

/** @throws RegctlError CONFIG_BROKEN, NO_RIGHTS, HOST_COMMAND_FAILED */
export async function lookAtBuildkit(site: EngineSite): Promise<BuildkitSite> {
  const { stdout } = await site.host.run(["sh", "-c", lookScript, "regctl-buildkit"], { timeoutMs: 30_000 });
  const { login, version, daemons } = parseLook(stdout.toString("utf8"));
  const ofRoot = daemons.find(({ uid }) => uid === 0);
  const ofLogin = daemons.find(({ uid }) => uid === login.uid);
  const daemon = ofRoot ?? ofLogin ?? null;
  const asLogin = daemon === null ? site.root === null && login.uid !== 0 : daemon.uid !== 0;
  const folder = asLogin ? `${login.config}/buildkit` : "/etc/buildkit";
  const path = flagOf(daemon?.argv ?? [], "config") ?? `${folder}/buildkitd.toml`;
  const actor = asLogin ? site.host : (site.root ?? site.host);
  const parents = [path.slice(0, path.lastIndexOf("/")), folder];
  const files = await readHostFiles(actor, [path, ...parents]);
  const facts = { ...site.facts, files: { ...site.facts.files, ...files } };
  const { text, unreadable, modified } = fileOf(facts, path);
  const { host, user } = facts;
  if (unreadable)
    throw new RegctlError("NO_RIGHTS", { host, user, reason: `${path} cannot be read`, paste: [] });
  const configured = readBuildkitdToml(text ?? "");
  if (configured.problem) throw new RegctlError("CONFIG_BROKEN", { host, path, ...configured.problem });
  const { uid, gid } = asLogin ? login : { uid: 0, gid: 0 };
  const usual = asLogin
    ? `unix:///run/user/${uid}/buildkit/buildkitd.sock`
    : "unix:///run/buildkit/buildkitd.sock";
  const address = flagOf(daemon?.argv ?? [], "addr") ?? usual;
  // Both are whole seconds, one of them counted from the boot.
  const isRead = daemon !== null && daemon.started + 2 >= modified;
  return { facts, version, daemon, asLogin, uid, gid, path, address, configured, isRead };
}

/** Pure. */
export function parseLook(text: string) {
  const lines = text.split("\n");
  const [, uid = "0", gid = "0", config = ""] =
    lines.map((line) => /^login (\d+) (\d+) (.*)$/.exec(line)).find((match) => match !== null) ?? [];
  const version = lines.map((line) => /^version \S+ \S+ v?(\d\S*)/.exec(line)?.[1]).find((each) => each);
  const daemons: BuildkitDaemon[] = [];
  for (const line of lines) {
    const [, pid, owner, group, started, cgroup = ""] =
      /^daemon (\d+) (\d+) (\d+) (\d+) ?(.*)$/.exec(line) ?? [];
    const last = daemons.at(-1);
    if (pid !== undefined) {
      const numbers = { pid: Number(pid), uid: Number(owner), gid: Number(group), started: Number(started) };
      daemons.push({ ...numbers, argv: [], unit: unitOf(cgroup) });
    } else if (line.startsWith("word ") && last) {
      daemons.splice(-1, 1, { ...last, argv: [...last.argv, line.slice("word ".length)] });
    }
  }
  return { login: { uid: Number(uid), gid: Number(gid), config }, version: version ?? null, daemons };
}

/** `…/system.slice/NAME.service`, or below `user@UID.service` for one of a person's own. */
function unitOf(cgroup: string): BuildkitDaemon["unit"] {
  const names = cgroup.split("/").filter((part) => part.endsWith(".service"));
  const name = names.find((part) => !part.startsWith("user@"));
  return name === undefined ? null : { name, user: names.some((part) => part.startsWith("user@")) };
}

function flagOf(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const word = argv[at];
  if (word === undefined) return undefined;
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : argv[at + 1];
}

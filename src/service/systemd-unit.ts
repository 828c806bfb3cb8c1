/** Units of systemd for what regctl runs, hardened as far as each kind can be. Pure. */

export interface UnitFacts {
  readonly description: string;
  /** The whole command line, begun with an absolute path. */
  readonly argv: readonly string[];
  /** The folder that must be written to; null for the service's own below /var/lib. */
  readonly writes: string | null;
  /**
   * Of its own below /run and /var/lib: systemd takes the first away when the unit stops, and gives both to its user,
   * so that no two units can share them.
   */
  readonly folder: string;
  /** Reads files that only root may read. */
  readonly asRoot: boolean;
  /** May listen below port 1024. */
  readonly lowPort: boolean;
  /** What it needs may be away for long when it starts: it is started again for as long as that lasts. */
  readonly patient?: boolean;
  /** Of a user's unit: variables that the user's manager need not have. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Of the manager for the whole machine, or of the one of a user. */
export type UnitScope = "system" | "user";

export function renderUnit(facts: UnitFacts, scope: UnitScope): string {
  return [
    section("Unit", [
      ["Description", facts.description.replaceAll("%", "%%").replaceAll(/\p{Cc}/gu, "?")],
      ...(scope === "system"
        ? [["Wants", "network-online.target"] as const, ["After", "network-online.target"] as const]
        : []),
      ...(facts.patient === true ? [["StartLimitIntervalSec", "0"] as const] : []),
    ]),
    section("Service", [...running(facts), ...(scope === "system" ? systemRules(facts) : userRules(facts))]),
    section("Install", [["WantedBy", scope === "system" ? "multi-user.target" : "default.target"]]),
  ].join("\n");
}

type Setting = readonly [name: string, value: string];

function section(name: string, settings: readonly Setting[]): string {
  return `[${name}]\n${settings.map(([key, value]) => `${key}=${value}\n`).join("")}`;
}

function running({ argv, patient }: UnitFacts): readonly Setting[] {
  return [
    ["Type", "exec"],
    ["ExecStart", argv.map(quoteForSystemd).join(" ")],
    ["ExecReload", "/bin/kill -HUP $MAINPID"],
    ["Restart", "on-failure"],
    ["RestartSec", patient === true ? "10" : "2"],
    // What is in flight may end within 30 seconds.
    ["TimeoutStopSec", "40"],
    ["KillMode", "mixed"],
  ];
}

/** Without the rights of root a manager can keep few promises. Compiled code must be written and run: no W^X. */
function userRules({ environment = {} }: UnitFacts): readonly Setting[] {
  return [
    ...Object.entries(environment).map(
      ([name, value]) => ["Environment", quoteAssignment(`${name}=${value}`)] as const,
    ),
    ["NoNewPrivileges", "yes"],
    ["LockPersonality", "yes"],
    ["RestrictRealtime", "yes"],
    ["RestrictSUIDSGID", "yes"],
    ["SystemCallArchitectures", "native"],
    ["UMask", "0077"],
  ];
}

/**
 * A user that exists only while the service runs. Where files or a folder of the administrator's are needed it is
 * root, without any of root's powers over what belongs to others.
 */
function systemRules({ writes, folder, asRoot, lowPort }: UnitFacts): readonly Setting[] {
  const capabilities = lowPort ? "CAP_NET_BIND_SERVICE" : "";
  return [
    ...(asRoot ? [] : [["DynamicUser", "yes"] as const]),
    ["StateDirectory", folder],
    ["StateDirectoryMode", "0700"],
    ...(writes === null ? [] : [["ReadWritePaths", quoteForSystemd(writes)] as const]),
    ["Environment", environmentOf(folder)],
    ["RuntimeDirectory", folder],
    ["CapabilityBoundingSet", capabilities],
    ["AmbientCapabilities", capabilities],
    ["NoNewPrivileges", "yes"],
    ["ProtectSystem", "strict"],
    ["ProtectHome", "read-only"],
    ["PrivateTmp", "yes"],
    ["PrivateDevices", "yes"],
    ["ProtectClock", "yes"],
    ["ProtectControlGroups", "yes"],
    ["ProtectHostname", "yes"],
    ["ProtectKernelLogs", "yes"],
    ["ProtectKernelModules", "yes"],
    ["ProtectKernelTunables", "yes"],
    ["ProtectProc", "invisible"],
    ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX AF_NETLINK"],
    ["RestrictNamespaces", "yes"],
    ["RestrictRealtime", "yes"],
    ["RestrictSUIDSGID", "yes"],
    ["LockPersonality", "yes"],
    ["SystemCallArchitectures", "native"],
    ["SystemCallFilter", "@system-service"],
    ["UMask", "0077"],
  ];
}

/** What regctl keeps there stands in a folder `regctl`, which the usual service has for itself. */
function environmentOf(folder: string): string {
  const base = folder === "regctl" ? "/var/lib" : `/var/lib/${folder}`;
  return `HOME=/var/lib/${folder} XDG_DATA_HOME=${base} XDG_STATE_HOME=${base}`;
}

/** One word of a command line as systemd reads it (systemd.service(5), "Command lines"). */
export function quoteForSystemd(word: string): string {
  return quoteAssignment(word.replaceAll("$", "$$$$"));
}

/** One variable, in which a dollar means nothing (systemd.exec(5), "Environment="). */
function quoteAssignment(word: string): string {
  const escaped = word.replaceAll("%", "%%");
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** From the settings of one host (`ssh -G`, or the ssh-config package) to an SshTarget. Pure. */
import type { Environment } from "../ports.ts";
import { type HostSpec, parseHostSpec, renderHostName } from "./host-spec.ts";
import type { HostKeyPolicy, SshTarget } from "./target.ts";

/** Lower-case keyword to its values, in order; keywords that may be given once hold one. */
export type Settings = ReadonlyMap<string, readonly string[]>;

export interface LocalUser {
  readonly home: string;
  readonly user: string;
  readonly environment: Environment;
}

const defaultIdentities = ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"];
const defaultAliveSeconds = 15;

/** The output of `ssh -G`: `keyword value` lines, repeated for keywords that may have several values. */
export function parseSettings(text: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line.trimEnd()) ?? [];
    if (keyword === undefined || value === undefined) continue;
    const values = settings.get(keyword.toLowerCase());
    if (values) values.push(value);
    else settings.set(keyword.toLowerCase(), [value]);
  }
  return settings;
}

export function toTarget(spec: HostSpec, settings: Settings, local: LocalUser): SshTarget {
  const one = (keyword: string): string | null => meaningful(settings.get(keyword)?.[0]);
  const yes = (keyword: string, otherwise: boolean): boolean => truth(one(keyword), otherwise);
  const user = spec.user ?? one("user") ?? local.user;
  const port = spec.port ?? Number(one("port") ?? 22);
  const host = expandTokens(one("hostname") ?? spec.host, { h: spec.host, "%": "%" });
  const tokens = tokensOf({ alias: spec.host, host, port, user }, local);
  const path = (text: string): string => expandPath(text, tokens, local);
  const paths = (keyword: string): string[] => list(settings, keyword).filter(isGiven).map(path);
  const files = (keyword: string, fallback: string[]): string[] =>
    (settings.has(keyword) ? list(settings, keyword).flatMap((line) => line.split(/\s+/)) : fallback)
      .filter(isGiven)
      .map(path);
  const proxyCommand = one("proxycommand");
  const login = renderHostName({ user, host: spec.host, port });
  return {
    name: spec.name ?? login,
    login,
    alias: spec.host,
    host,
    port,
    user,
    identityFiles: settings.has("identityfile")
      ? paths("identityfile")
      : defaultIdentities.map((kind) => `${local.home}/.ssh/id_${kind}`),
    certificateFiles: paths("certificatefile"),
    identityAgent: agentSocket(
      one("identityagent"),
      settings.get("identityagent")?.[0],
      path,
      local.environment,
    ),
    identitiesOnly: yes("identitiesonly", false),
    userKnownHosts: files("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
    globalKnownHosts: files("globalknownhostsfile", [
      "/etc/ssh/ssh_known_hosts",
      "/etc/ssh/ssh_known_hosts2",
    ]),
    hostKeyAlias: one("hostkeyalias"),
    hostKeyPolicy: toPolicy(one("stricthostkeychecking")),
    hashKnownHosts: yes("hashknownhosts", false),
    proxyJump: (one("proxyjump") ?? "").split(",").filter(isGiven).map(parseHostSpec),
    proxyCommand: proxyCommand && expandTokens(proxyCommand, tokens),
    proxyUseFdpass: yes("proxyusefdpass", false),
    serverAliveSeconds: seconds(one("serveraliveinterval")) || defaultAliveSeconds,
    serverAliveCountMax: Number(one("serveralivecountmax") ?? 3),
    connectTimeoutSeconds: seconds(one("connecttimeout")) || null,
    gssapi: yes("gssapiauthentication", false),
    pkcs11Provider: one("pkcs11provider"),
    methods: {
      publickey: yes("pubkeyauthentication", true),
      password: yes("passwordauthentication", true),
      keyboard: yes("kbdinteractiveauthentication", yes("challengeresponseauthentication", true)),
    },
    preferredAuthentications: one("preferredauthentications")?.split(",") ?? null,
    family: ({ inet: 4, inet6: 6 } as const)[one("addressfamily") ?? ""] ?? 0,
  };
}

/** ssh_config(5), TOKENS: `%h %n %p %r %u %d %%`; tokens that we do not know stay as they are. */
function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole);
}

function tokensOf(
  target: { alias: string; host: string; port: number; user: string },
  local: LocalUser,
): Record<string, string> {
  const { alias, host, port, user } = target;
  return { h: host, n: alias, p: String(port), r: user, u: local.user, d: local.home, "%": "%" };
}

function expandPath(text: string, tokens: Readonly<Record<string, string>>, local: LocalUser): string {
  const unquoted = text.replace(/^"(.*)"$/, "$1");
  const home = unquoted.replace(/^~(?=\/|$)/, () => local.home);
  const named = home.replace(/\$\{(\w+)\}/g, (whole, name: string) => local.environment[name] ?? whole);
  return expandTokens(named, tokens);
}

/** `none` switches the agent off, `SSH_AUTH_SOCK` and `$NAME` name a variable, all else is a path. */
function agentSocket(
  setting: string | null,
  raw: string | undefined,
  path: (text: string) => string,
  environment: Environment,
): string | null {
  if (raw?.toLowerCase() === "none") return null;
  if (setting === null || setting === "SSH_AUTH_SOCK") return environment.SSH_AUTH_SOCK || null;
  const variable = /^\$(\w+)$/.exec(setting)?.[1];
  return variable ? environment[variable] || null : path(setting);
}

function toPolicy(text: string | null): HostKeyPolicy {
  const known: Record<string, HostKeyPolicy> = { yes: "yes", true: "yes", "accept-new": "accept-new" };
  const off: Record<string, HostKeyPolicy> = { no: "no", off: "no", false: "no" };
  return known[text ?? ""] ?? off[text ?? ""] ?? "ask";
}

function list(settings: Settings, keyword: string): readonly string[] {
  return settings.get(keyword) ?? [];
}

function meaningful(value: string | undefined): string | null {
  return value !== undefined && isGiven(value) ? value : null;
}

function isGiven(value: string): boolean {
  return value !== "" && value.toLowerCase() !== "none";
}

function truth(value: string | null, otherwise: boolean): boolean {
  return value === null ? otherwise : ["yes", "true"].includes(value.toLowerCase());
}

/** Seconds of ssh's time formats `90`, `90s`, `2m`, `1h30m`. */
function seconds(text: string | null): number {
  const units: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86400 };
  const parts = [...(text ?? "").matchAll(/(\d+)([smhd]?)/gi)];
  return parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (units[unit.toLowerCase()] ?? 1),
    0,
  );
}

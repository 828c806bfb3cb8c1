/** What stands in a registry's hosts.toml, and what is left of it. Pure. */

import type { ChangeKind } from "../change-request.ts";
import { type Endpoint, everything, type HostRule, type HostsToml } from "../formats/hosts-toml.ts";

/** What a registry speaks, seen from the host; null when it did not answer. */
export type Speaks = "http" | "https" | null;

/** Docker Hub answers under another name than references have. */
function addressOf(registry: string): string {
  return registry === "docker.io" ? "https://registry-1.docker.io" : `https://${registry}`;
}

export function emptyRules(registry: string): HostsToml {
  return { server: { url: addressOf(registry) }, hosts: [] };
}

/**
 * Without a verified certificate. A push goes to the first address alone, so the registry is asked what it speaks; when
 * nobody answers, TLS comes first as in Docker.
 */
export function insecureRules(now: HostsToml, registry: string, speaks: Speaks): HostsToml {
  const plain: Endpoint = { url: `http://${registry}` };
  const unverified: Endpoint = { url: `https://${registry}`, skipVerify: true };
  const own = speaks === "http" ? [plain] : speaks === "https" ? [unverified] : [unverified, plain];
  return withOwn(now, registry, own);
}

/** By certificates of these files. */
export function trustRules(
  now: HostsToml,
  registry: string,
  how: Pick<Endpoint, "ca" | "client">,
): HostsToml {
  return withOwn(now, registry, [{ url: `https://${registry}`, ...how }]);
}

function withOwn(now: HostsToml, registry: string, own: readonly Endpoint[]): HostsToml {
  const mirrors = now.hosts.filter((rule) => !isOwn(rule, registry));
  const hosts = own.map((endpoint): HostRule => ({ ...endpoint, capabilities: everything }));
  return { server: own[0] ?? now.server, hosts: [...mirrors, ...hosts] };
}

/** After the mirrors that are asked already, and before the registry itself. */
export function mirrorRules(now: HostsToml, registry: string, mirror: Endpoint): HostsToml {
  const others = now.hosts.filter(({ url }) => hostOf(url) !== hostOf(mirror.url));
  const mirrors = others.filter((rule) => !isOwn(rule, registry));
  const own = others.filter((rule) => isOwn(rule, registry));
  return { ...now, hosts: [...mirrors, { ...mirror, capabilities: ["pull", "resolve"] }, ...own] };
}

/** Null when nothing is left to say. */
export function rulesWithout(
  now: HostsToml,
  registry: string,
  kind: ChangeKind | "undo",
  entry: string,
): HostsToml | null {
  const goes = (rule: HostRule) => {
    if (kind === "mirror") return hostOf(rule.url) === entry && !isOwn(rule, registry);
    return isOwn(rule, registry) && isInsecure(rule) === (kind === "insecure");
  };
  const hosts = now.hosts.filter((rule) => !goes(rule));
  if (hosts.length === 0) return null;
  const server = hosts.some((rule) => isOwn(rule, registry)) ? now.server : emptyRules(registry).server;
  return { server, hosts };
}

export function isInsecure({ url, skipVerify }: Endpoint): boolean {
  return skipVerify === true || url.startsWith("http://");
}

export function isOwn({ url }: Endpoint, registry: string): boolean {
  return hostOf(url) === registry;
}

export function hostOf(url: string): string {
  return url.replace(/^https?:\/\//, "");
}

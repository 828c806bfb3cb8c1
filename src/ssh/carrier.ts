/** Which of the two carriers a target needs. Pure. */
import { hostKeyName } from "./host-key.ts";
import { hasCertAuthority, type KnownHostsFile } from "./known-hosts.ts";
import type { SshTarget } from "./target.ts";

/** What the user's files say about a target's keys. */
export interface KeyFacts {
  /** Private key files that exist and live in a security key. */
  readonly securityKeys: readonly string[];
  /** Certificate files that exist. */
  readonly certificates: readonly string[];
}

/** Why ssh2 cannot carry this connection, or null when it can. */
export function needsOpenSsh(
  target: SshTarget,
  keys: KeyFacts,
  knownHosts: readonly KnownHostsFile[],
): string | null {
  const [securityKey] = keys.securityKeys;
  const [certificate] = keys.certificates;
  if (target.pkcs11Provider !== null) return `a PKCS#11 provider is configured (${target.pkcs11Provider})`;
  if (securityKey !== undefined) return `${securityKey} lives in a security key`;
  if (certificate !== undefined) return `${certificate} is a certificate`;
  if (hasCertAuthority(knownHosts, hostKeyName(target)))
    return "known_hosts trusts a certificate authority for it";
  if (onlyGssapi(target)) return "GSSAPI is the only method of authentication that is configured";
  if (target.proxyUseFdpass) return "ProxyUseFdpass is configured";
  return null;
}

function onlyGssapi({ gssapi, methods, preferredAuthentications }: SshTarget): boolean {
  const { publickey, password, keyboard } = methods;
  const preferred = preferredAuthentications?.every((method) => method.startsWith("gssapi")) ?? false;
  return gssapi && (preferred || !(publickey || password || keyboard));
}

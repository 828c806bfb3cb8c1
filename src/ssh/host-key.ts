/** What happens with the key a host shows: the decision for both carriers, and the record in known_hosts. */
import { randomBytes } from "node:crypto";
import { RegctlError } from "../errors.ts";
import {
  fingerprintOf,
  type HostKeyName,
  type HostKeyVerdict,
  judgeHostKey,
  type KnownHostsFile,
  keyTypeOf,
  renderKnownHost,
} from "./known-hosts.ts";
import type { HostKeyPolicy, SshTarget } from "./target.ts";
import type { SshOptions, SshWorld } from "./world.ts";

/** A key that no known_hosts file has. */
export interface UnknownKey {
  readonly host: string;
  readonly port: number;
  /** As people know it: `ssh-ed25519` or OpenSSH's `ED25519`. */
  readonly keyType: string;
  readonly fingerprint: string;
  /** Anything that makes the key suspicious. */
  readonly remarks: readonly string[];
}

export function hostKeyName(target: SshTarget): HostKeyName {
  return { host: target.host, port: target.port, alias: target.hostKeyAlias };
}

/**
 * All known_hosts files of a target that exist, the user's first. One that cannot be read vouches for nobody, as for
 * ssh; `onUnreadable` is told of it.
 */
export async function readKnownHosts(
  target: SshTarget,
  world: SshWorld,
  onUnreadable: (path: string, reason: string) => void = () => {},
): Promise<KnownHostsFile[]> {
  const paths = [...target.userKnownHosts, ...target.globalKnownHosts];
  const read = async (path: string): Promise<KnownHostsFile[]> => {
    try {
      const bytes = await world.files.read(path);
      return bytes === null ? [] : [{ path, text: bytes.toString("latin1") }];
    } catch (error) {
      onUnreadable(path, error instanceof Error ? error.message : String(error));
      return [];
    }
  };
  return (await Promise.all(paths.map(read))).flat();
}

/**
 * Lets a host key pass, or throws: SSH_HOST_KEY_REVOKED, _CHANGED, _REFUSED, _UNKNOWN. A key that a person, a
 * fingerprint or `accept-new` vouches for is recorded, as ssh records it. Nothing lets a changed key pass.
 */
export async function verifyHostKey(
  key: Buffer,
  target: SshTarget,
  knownHosts: readonly KnownHostsFile[],
  options: SshOptions,
  world: SshWorld,
): Promise<void> {
  const { host, port } = target;
  const [keyType, fingerprint] = [keyTypeOf(key), fingerprintOf(key)];
  const verdict = judgeHostKey(knownHosts, hostKeyName(target), key);
  if (verdict.kind === "known") return;
  if (verdict.kind === "unknown") {
    const remarks = verdict.others.map(describeOther);
    await vouchForHostKey({ host, port, keyType, fingerprint, remarks }, target, options, world);
    return await recordHostKey(key, target, world);
  }
  const place = `${verdict.path}:${verdict.line}`;
  if (verdict.kind === "revoked") {
    throw new RegctlError("SSH_HOST_KEY_REVOKED", { host, port, fingerprint, knownHosts: place });
  }
  throw new RegctlError("SSH_HOST_KEY_CHANGED", { host, port, keyType, fingerprint, knownHosts: place });
}

/** Finds someone who vouches for an unknown key: a fingerprint on the command line, the policy, or a person. */
export async function vouchForHostKey(
  key: UnknownKey,
  target: { readonly name: string; readonly hostKeyPolicy: HostKeyPolicy },
  options: SshOptions,
  world: SshWorld,
): Promise<void> {
  const { host, port, keyType, fingerprint } = key;
  const accepted = options.acceptHostKey.map((given) => given.replace(/=+$/, ""));
  if (accepted.includes(fingerprint)) return;
  if (accepted.length > 0) {
    throw new RegctlError("SSH_HOST_KEY_REFUSED", {
      host,
      port,
      keyType,
      fingerprint,
      accepted: accepted.join(", "),
    });
  }
  const { hostKeyPolicy: policy, name } = target;
  if ((policy === "accept-new" || policy === "no") && key.remarks.length === 0) {
    const note = `new host key ${keyType} ${fingerprint} recorded (StrictHostKeyChecking ${policy})`;
    return world.emit({ event: "note", host: name, note });
  }
  const unknown = new RegctlError("SSH_HOST_KEY_UNKNOWN", { host, port, keyType, fingerprint });
  if (policy === "yes" || !world.prompt.interactive) throw unknown;
  const yes = await world.prompt.consent({
    kind: "consent",
    host: name,
    question: `The host key of ${host}${port === 22 ? "" : ` port ${port}`} is not known. Is it this one?`,
    details: [`${keyType} ${fingerprint}`, ...key.remarks],
    flag: `--accept-host-key ${fingerprint}`,
  });
  if (!yes) throw unknown;
}

/** As with ssh, a key that cannot be recorded is one that is asked about again. */
async function recordHostKey(key: Buffer, target: SshTarget, world: SshWorld): Promise<void> {
  const [path] = target.userKnownHosts;
  if (path === undefined || path === "/dev/null") return;
  try {
    await appendHostKey(path, key, target, world);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const warning = `the host key is not recorded in ${path}: ${reason}`;
    world.emit({ event: "warning", host: target.name, warning });
  }
}

async function appendHostKey(path: string, key: Buffer, target: SshTarget, world: SshWorld): Promise<void> {
  const salt = target.hashKnownHosts ? randomBytes(20) : undefined;
  const existing = (await world.files.read(path))?.toString("latin1") ?? "";
  const newline = existing === "" || existing.endsWith("\n") ? "" : "\n";
  await world.files.append(path, newline + renderKnownHost(hostKeyName(target), key, salt), { mode: 0o600 });
}

function describeOther(other: Extract<HostKeyVerdict, { kind: "unknown" }>["others"][number]): string {
  return `another key of this host is known: ${other.keyType} in ${other.path}:${other.line}`;
}

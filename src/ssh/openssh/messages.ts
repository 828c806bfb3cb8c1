/** From the words of OpenSSH's ssh to our codes: one table. Pure. */
import { RegctlError } from "../../errors.ts";
import type { Destination } from "../../ports.ts";
import { renderDestination } from "../connection.ts";
import type { SshTarget } from "../target.ts";

type Explain = (match: RegExpExecArray, target: SshTarget, text: string, timeoutMs: number) => RegctlError;

const noFingerprint = "unknown";

/** First match wins; words as OpenSSH 6 to 10 prints them (sshconnect.c, sshconnect2.c, readconf.c, ssh.c, kex.c). */
const connectFailures: readonly (readonly [RegExp, Explain])[] = [
  [
    /^(\S.*?):? line (\d+): (Bad .*|.*[Uu]nsupported.*|.*argument.*)$/m,
    ([, path = "", line, problem]) =>
      new RegctlError("SSH_CONFIG_BROKEN", { path, problem: `line ${line}: ${problem}` }),
  ],
  [/Could not resolve hostname (\S+?):/, ([, host = ""]) => new RegctlError("SSH_NAME_UNKNOWN", { host })],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, (_match, target, text) => changedKey(target, text)],
  [
    /REVOKED HOST KEY DETECTED|is marked as revoked/,
    (_match, { host, port }, text) =>
      new RegctlError("SSH_HOST_KEY_REVOKED", {
        host,
        port,
        fingerprint: fingerprintIn(text),
        knownHosts: /revoked in (\S+?)\.?$/m.exec(text)?.[1] ?? "known_hosts",
      }),
  ],
  [
    /No (\S+) host key is known|Host key verification failed/,
    ([, keyType = noFingerprint], { host, port }, text) =>
      new RegctlError("SSH_HOST_KEY_UNKNOWN", { host, port, keyType, fingerprint: fingerprintIn(text) }),
  ],
  [
    /Unable to negotiate with .*?: (no matching .*)$|(no matching .* found.*)$/m,
    ([, one, other], { host }) =>
      new RegctlError("SSH_NO_COMMON_ALGORITHM", { host, reason: (one ?? other ?? "").trim() }),
  ],
  [
    /Permission denied \(([^)]*)\)|Too many authentication failures|No more authentication methods/,
    ([, methods = ""], { name, user }) =>
      new RegctlError("SSH_AUTH_FAILED", {
        host: name,
        user,
        tried: methods.split(",").filter((method) => method),
      }),
  ],
  [
    /(?:Connection|Operation) timed out|timed out (?:during|while)/,
    (_match, { host, port, login }, _text, timeoutMs) =>
      new RegctlError("SSH_TIMEOUT", { host, port, login, seconds: timeoutMs / 1000 }),
  ],
  [
    /connect to (?:host|address) .* port \d+: (.+)$/m,
    ([, reason = ""], { host, port, login }) =>
      new RegctlError("SSH_UNREACHABLE", { host, port, login, reason: reason.trim().toLowerCase() }),
  ],
];

/** Why the master connection did not come up, from all that ssh wrote to stderr. */
export function toConnectFailure(stderr: string, target: SshTarget, timeoutMs: number): RegctlError {
  for (const [pattern, explain] of connectFailures) {
    const match = pattern.exec(stderr);
    if (match) return explain(match, target, stderr, timeoutMs);
  }
  const { host, port, login } = target;
  return new RegctlError("SSH_UNREACHABLE", {
    host,
    port,
    login,
    reason: lastLine(stderr) || "ssh ended without a word",
  });
}

/** Why an open connection went away. */
export function toLossReason(stderr: string): string {
  const told =
    /^(Timeout, server .* not responding|.*(?:closed by remote host|Broken pipe|Connection reset).*)$/m;
  return told.exec(stderr)?.[1]?.trim() ?? (lastLine(stderr) || "ssh ended");
}

/** Why a forward did not open: the master's or the client's words about it. */
export function toForwardFailure(words: string, name: string, destination: Destination): RegctlError {
  const reason = /open failed: (?:connect failed: )?(.+?)\s*$/m.exec(words)?.[1] ?? lastLine(words);
  const denied = /administratively prohibited|not permitted/i.test(words);
  return new RegctlError(denied ? "SSH_FORWARD_DENIED" : "SSH_FORWARD_FAILED", {
    host: name,
    destination: renderDestination(destination),
    reason: reason || "closed at once",
  });
}

function changedKey({ host, port }: SshTarget, text: string): RegctlError {
  const [, keyType = noFingerprint, knownHosts = "known_hosts"] =
    /Offending (\S+) key in (\S+)/.exec(text) ?? [];
  return new RegctlError("SSH_HOST_KEY_CHANGED", {
    host,
    port,
    keyType: /fingerprint for the (\S+) key/.exec(text)?.[1] ?? keyType,
    fingerprint: fingerprintIn(text),
    knownHosts,
  });
}

function fingerprintIn(text: string): string {
  return /SHA256:[A-Za-z0-9+/]+/.exec(text)?.[0] ?? noFingerprint;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}

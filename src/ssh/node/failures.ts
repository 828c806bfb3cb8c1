/** From what ssh2 says to what we say. Pure. */
import { isRegctlError, RegctlError } from "../../errors.ts";
import type { Destination } from "../../ports.ts";
import { renderDestination } from "../connection.ts";
import { toConnectError } from "../socket.ts";
import type { SshTarget } from "../target.ts";

/** Why no connection came up: `error` is ssh2's last word, `tried` the proofs that were given. */
export function toHandshakeFailure(
  error: Error | null,
  target: SshTarget,
  tried: readonly string[],
  timeoutMs: number,
): RegctlError {
  if (isRegctlError(error)) return error;
  const { host, port, user, name, login } = target;
  const text = error?.message ?? "the server closed the connection";
  const options = { cause: error };
  if (/^Handshake failed: no matching/i.test(text)) {
    return new RegctlError(
      "SSH_NO_COMMON_ALGORITHM",
      { host, reason: text.replace(/^Handshake failed: /, "") },
      options,
    );
  }
  if (
    /authentication methods failed|too many authentication failures/i.test(text) ||
    (tried.length > 0 && !isSystem(error))
  ) {
    return new RegctlError("SSH_AUTH_FAILED", { host: name, user, tried: [...new Set(tried)] }, options);
  }
  if (isSystem(error)) return toConnectError(error, target, timeoutMs);
  const reason = /before handshake/i.test(text)
    ? "the server closed the connection before the SSH handshake"
    : text;
  return new RegctlError("SSH_UNREACHABLE", { host, port, login, reason }, options);
}

/** Why a channel to `destination` did not open (RFC 4254, 5.1: reason 1 is "administratively prohibited"). */
export function toForwardFailure(error: Error, name: string, destination: Destination): RegctlError {
  const facts = {
    host: name,
    destination: renderDestination(destination),
    reason: error.message.replace(/^\(SSH\) Channel open failure:\s*/, "").trim() || "refused",
  };
  const denied = "reason" in error && error.reason === 1;
  return new RegctlError(denied ? "SSH_FORWARD_DENIED" : "SSH_FORWARD_FAILED", facts, { cause: error });
}

/** Whether a server refused a channel, rather than the connection failing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "reason" in error && typeof error.reason === "number";
}

function isSystem(error: Error | null): error is NodeJS.ErrnoException {
  return error !== null && "code" in error && typeof error.code === "string" && "syscall" in error;
}

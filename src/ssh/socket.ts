/** The stream an SSH connection runs over: TCP, or the standard input and output of a ProxyCommand. */
import net from "node:net";
import type { Duplex } from "node:stream";
import { joinChild } from "../child.ts";
import { RegctlError } from "../errors.ts";
import type { Spawn } from "../ports.ts";
import type { SshTarget } from "./target.ts";

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
  EPIPE: "connection closed",
};

/**
 * Connects over TCP without Nagle's delay, which costs an SSH request 40 ms.
 * @throws RegctlError SSH_NAME_UNKNOWN, SSH_UNREACHABLE, SSH_TIMEOUT
 */
export function openTcp(target: SshTarget, timeoutMs: number, signal?: AbortSignal): Promise<net.Socket> {
  const { host, port, family, login } = target;
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const socket = net.connect({ host, port, family, noDelay: true, autoSelectFamilyAttemptTimeout: 1000 });
  const timedOut = (): void => {
    socket.destroy();
    reject(new RegctlError("SSH_TIMEOUT", { host, port, login, seconds: timeoutMs / 1000 }));
  };
  const timer = setTimeout(timedOut, timeoutMs);
  const onAbort = (): void => {
    clearTimeout(timer);
    socket.destroy();
    reject(signal?.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const onError = (error: NodeJS.ErrnoException): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    reject(toConnectError(error, target, timeoutMs));
  };
  socket.once("error", onError);
  socket.once("connect", () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    socket.off("error", onError);
    resolve(socket);
  });
  return promise;
}

export function toConnectError(
  error: NodeJS.ErrnoException,
  { host, port, login }: SshTarget,
  timeoutMs: number,
): RegctlError {
  const code = error.code ?? "";
  if (code === "ENOTFOUND" || code.startsWith("EAI_"))
    return new RegctlError("SSH_NAME_UNKNOWN", { host }, { cause: error });
  if (code === "ETIMEDOUT")
    return new RegctlError("SSH_TIMEOUT", { host, port, login, seconds: timeoutMs / 1000 }, { cause: error });
  return new RegctlError(
    "SSH_UNREACHABLE",
    { host, port, login, reason: reasons[code] ?? error.message },
    { cause: error },
  );
}

/** Runs a ProxyCommand; its standard streams are the socket. Its last words become the reason when it fails. */
export function openProxyCommand(command: string, target: SshTarget, spawn: Spawn): Duplex {
  const { host, port, login } = target;
  return joinChild(spawn(["sh", "-c", `exec ${command}`]), {
    ended: (code, stderr) => {
      if (code === 0) return null;
      const words = stderr.toString().trim().split("\n").at(-1) || `ended with code ${code}`;
      return new RegctlError("SSH_UNREACHABLE", { host, port, login, reason: `ProxyCommand: ${words}` });
    },
  });
}

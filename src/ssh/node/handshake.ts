import type { Duplex } from "node:stream";
import { RegctlError } from "../../errors.ts";
import { hostKeyName, readKnownHosts, verifyHostKey } from "../host-key.ts";
import { knownKeyTypes } from "../known-hosts.ts";
import { startPatience } from "../patience.ts";
import type { SshTarget } from "../target.ts";
import type { SshOptions, SshWorld } from "../world.ts";
import { ciphers, orderHostKeyAlgorithms } from "./algorithms.ts";
import { startAuthentication } from "./authentication.ts";
import { NodeConnection } from "./connection.ts";
import { toHandshakeFailure } from "./failures.ts";
import { type Client, type ConnectConfig, loadSshLibrary, type NextProof } from "./library.ts";

/**
 * Verifies the host, proves who we are, and hands over the connection. `socket` is closed when that fails; it
 * has a listener for errors already, since it may fail before anyone is ready to listen.
 * @throws RegctlError SSH_*
 */
export async function connectNode(
  target: SshTarget,
  socket: Duplex,
  options: SshOptions,
  world: SshWorld,
): Promise<NodeConnection> {
  const unreadable = (path: string, reason: string): void =>
    world.emit({ event: "warning", host: target.name, warning: `${path} cannot be read: ${reason}` });
  const [library, knownHosts] = await Promise.all([
    loadSshLibrary(),
    readKnownHosts(target, world, unreadable),
  ]);
  if (socket.destroyed || socket.readableEnded) {
    throw toHandshakeFailure(socket.errored, target, [], options.connectTimeoutMs);
  }
  // A half-open stream is of no use to SSH, and only a closed one ends the connection.
  socket.once("end", () => socket.destroy());
  const outcome = Promise.withResolvers<void>();
  const patience = startPatience(options.connectTimeoutMs, () => {
    const { host, port, login } = target;
    outcome.reject(
      new RegctlError("SSH_TIMEOUT", { host, port, login, seconds: options.connectTimeoutMs / 1000 }),
    );
  });
  const onAbort = (): void => outcome.reject(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  // It may have been aborted while the library loaded.
  if (options.signal?.aborted) onAbort();
  const authentication = startAuthentication({ target, world, library, patience });
  const ssh = new library.NodeSSH();
  // node-ssh gives up at the first `error` event, even for an agent that fails to sign while another key may do:
  // the events of the client beneath decide.
  const connecting = ssh.connect({
    ...transportOf(target, socket, knownKeyTypes(knownHosts, hostKeyName(target))),
    hostVerifier: (key: Buffer, answer: (valid: boolean) => void) => {
      patience
        .hold(() => verifyHostKey(key, target, knownHosts, options, world))
        .then(() => answer(true))
        .catch((error: unknown) => {
          outcome.reject(error);
          answer(false);
        });
    },
    authHandler: (accepted, _partial, next) => {
      void authentication.next(accepted).then(next as NextProof);
    },
  });
  connecting.catch(() => {});
  const client: Client | null = ssh.connection;
  if (client === null) throw new RegctlError("INTERNAL", { what: "node-ssh made no client" });
  let lastError: Error | null = null;
  client.on("error", (error) => {
    lastError = error;
  });
  client.once("ready", outcome.resolve);
  client.once("close", () => {
    const failure = toHandshakeFailure(
      socket.errored ?? lastError,
      target,
      authentication.tried,
      options.connectTimeoutMs,
    );
    outcome.reject(authentication.failure ?? failure);
  });
  try {
    await outcome.promise;
    return new NodeConnection(ssh, client, target, {
      lastError: () => lastError,
      cut: () => void socket.destroy(),
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    patience.stop();
  }
}

function transportOf(target: SshTarget, socket: Duplex, knownTypes: readonly string[]) {
  return {
    // ssh2 needs no more of it than a stream, whatever its types say.
    sock: socket as NonNullable<ConnectConfig["sock"]>,
    username: target.user,
    readyTimeout: 0,
    keepaliveInterval: target.serverAliveSeconds * 1000,
    keepaliveCountMax: target.serverAliveCountMax,
    // Servers other than OpenSSH that cannot forward to a unix socket say so themselves.
    strictVendor: false,
    algorithms: { cipher: [...ciphers], serverHostKey: orderHostKeyAlgorithms(knownTypes) },
  } satisfies ConnectConfig;
}

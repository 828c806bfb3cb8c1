import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import { collectChild, joinChild } from "../child.ts";
import { RegctlError } from "../errors.ts";
import { renderForPeople } from "../explain/quote.ts";
import type { Destination, Host, Spawn } from "../ports.ts";

/**
 * This machine. `run` and `open` fail with HOST_COMMAND_FAILED (no end within the time; a stream's command that
 * failed); `dial` rejects with the error of `node:net`, whose `code` is the system's.
 */
export function createLocalHost(spawn: Spawn): Host {
  const name = "localhost";
  const failures = (argv: readonly string[]) => ({
    timeout: (seconds: number) => commandFailed(argv, null, `no end within ${seconds} s`),
    ended: (code: number | null, stderr: Buffer) =>
      code === 0 ? null : commandFailed(argv, code, stderr.toString()),
  });
  const commandFailed = (argv: readonly string[], code: number | null, output: string): RegctlError =>
    new RegctlError("HOST_COMMAND_FAILED", { host: name, command: renderForPeople(argv), code, output });
  return {
    name,
    local: true,
    run: (argv, options = {}) => collectChild(spawn(argv), options, failures(argv)),
    open: async (argv) => joinChild(spawn(argv), failures(argv)),
    dial: dialLocally,
  };
}

async function dialLocally(destination: Destination): Promise<Duplex> {
  const socket =
    destination.kind === "unix"
      ? net.connect({ path: destination.path, allowHalfOpen: true })
      : net.connect({ host: destination.host, port: destination.port, noDelay: true, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

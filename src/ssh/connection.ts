import type { Duplex } from "node:stream";
import type { RegctlError } from "../errors.ts";
import type { Destination, Host } from "../ports.ts";
import type { SshTarget } from "./target.ts";

export interface Listener {
  /** Where the far side really listens: port 0 has become a number. */
  readonly at: Destination;
  close(): Promise<void>;
}

/**
 * One SSH connection. Beside the codes named in `Host`: SSH_CONNECTION_LOST for whatever is under way when the
 * connection goes, SSH_COMMAND_TIMEOUT, and for `dial` and `listen` SSH_FORWARD_DENIED or SSH_FORWARD_FAILED. A
 * stream fails rather than ends when its connection was cut or its command failed (HOST_COMMAND_FAILED).
 */
export interface SshConnection extends Host {
  readonly target: SshTarget;
  readonly carrier: "node" | "openssh";
  /** The far side listens; each of its connections comes back as a stream. */
  listen(at: Destination, onConnection: (stream: Duplex) => void): Promise<Listener>;
  /** Settles when the connection is gone: undefined after `close()`, else why. */
  readonly closed: Promise<RegctlError | undefined>;
  close(): Promise<void>;
}

/** A destination as people and `ssh` write it: `host:port`, `[v6]:port` or a path. */
export function renderDestination(destination: Destination): string {
  if (destination.kind === "unix") return destination.path;
  const { host, port } = destination;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

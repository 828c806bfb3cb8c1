import type { Duplex } from "node:stream";
import type { RegctlError } from "../errors.ts";
import type { Intake } from "../intake.ts";
import type { Destination, Host } from "../ports.ts";
import type { SshTarget } from "./target.ts";

export interface Listener {
  /** Where the far side really listens: port 0 has become a number. */
  readonly at: Destination;
  close(): Promise<void>;
}

/** A stream through a connection that was handed out before anybody knew what becomes of it. */
export interface Dialled {
  /** The bare one: neither its end nor its error says why. It can be half-closed. */
  readonly stream: Duplex;
  /** Where it has one, what the stream reads comes by it and not by `data` events. */
  readonly intake?: Intake;
  /**
   * Asked once the stream has ended or failed: null when that was the far side's own end, else why what came may not
   * be all: SSH_FORWARD_DENIED, SSH_FORWARD_FAILED or SSH_CONNECTION_LOST.
   */
  ending(): Promise<RegctlError | null>;
  /** Gives it up, whatever is still under way. May be called again. */
  discard(): void;
}

/**
 * One SSH connection. Beside the codes named in `Host`: SSH_CONNECTION_LOST for whatever is under way when the
 * connection goes, SSH_COMMAND_TIMEOUT, and for `dial` and `listen` SSH_FORWARD_DENIED or SSH_FORWARD_FAILED. A
 * stream fails rather than ends when its connection was cut or its command failed (HOST_COMMAND_FAILED).
 */
export interface SshConnection extends Host {
  readonly target: SshTarget;
  readonly carrier: "node" | "openssh";
  /**
   * As `dial`, with nothing between and without waiting longer than the carrier must: a refusal may be told by the
   * stream's `ending` only. For many short streams.
   */
  dialAtOnce(destination: Destination): Promise<Dialled>;
  /** Whether the server still answers. Takes no session and starts no program. Never rejects. */
  answers(withinMs: number): Promise<boolean>;
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

/** What a tunnel is, as data, and the handle of one that runs. */
import type { RegctlError } from "../errors.ts";
import type { Destination } from "../ports.ts";
import type { SshConnection } from "../ssh/connection.ts";

/**
 * `waiting-for-old-listener`: the far side of a reverse forward still holds the port for a connection of ours that
 * it has not given up yet. `failed`: nothing is tried any more by itself (a refused login is not hammered).
 */
export type TunnelState = "connecting" | "up" | "reconnecting" | "waiting-for-old-listener" | "failed";

/** Connections that arrive at `from` go to `to`, which is seen from the server. */
export interface Forward {
  /** Port 0 takes a free one. */
  readonly from: Destination;
  /** Where `from` is: on this machine, or on the host of an engine that lives elsewhere. */
  readonly side: "here" | "engine";
  readonly to: Destination;
}

/** How a connection does that is made again whenever it is cut. */
export interface Link {
  readonly state: TunnelState;
  /** Since when it has this state. */
  readonly since: Date;
  readonly reconnects: number;
  /** Why it is not up. */
  readonly problem: RegctlError | null;
}

/** An SSH connection that is made again whenever it is cut. */
export interface KeptConnection extends Link {
  /**
   * The connection, at once when it is up, else as soon as it is again.
   * @throws RegctlError why not: after `waitMs`, when it has failed, and after `close`
   */
  up(waitMs: number): Promise<SshConnection>;
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

export interface Traffic {
  /** From whoever connects to the server, and back. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly open: number;
}

/** A listener of ours, wherever it is. */
export interface Entrance {
  /** Where it really listens: port 0 has become a number. */
  readonly at: Destination;
  readonly traffic: Traffic;
  /** Null where it listens; else why it does not at the moment (a reverse forward between two connections). */
  readonly problem: RegctlError | null;
  /** The connection that it has beside that to the server; null where it has none. */
  readonly link: Link | null;
  close(): Promise<void>;
}

/** Of the whole: up when everything is. Its reconnects are those of all its connections. */
export interface TunnelFacts extends Traffic, Link {
  /** The server is reached: what comes in on this machine gets through, whatever the engine's side does. */
  readonly connected: boolean;
}

/** A tunnel that runs: one connection to the server, however many forwards. */
export interface RunningTunnel {
  readonly facts: TunnelFacts;
  /** In the order of the forwards. */
  readonly entrances: readonly Entrance[];
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

/** The door between a tunnel and whoever connects to it: owned here, opened by `src/system/local-listener.ts`. */
import type { Duplex } from "node:stream";
import type { Intake } from "../intake.ts";
import type { Destination } from "../ports.ts";

/** A connection that has come in: it can be half-closed, and nothing has been read of it. */
export interface Arrival extends Duplex {
  /** Where it has one, what it reads comes by it and not by `data` events. */
  readonly intake?: Intake;
  /** Ends it so that the other side cannot take it for a good end. Only TCP has that. */
  resetAndDestroy?(): unknown;
}

export interface LocalListener {
  /** Where it really listens: port 0 has become a number. */
  readonly at: Destination;
  /** Told of bytes that have passed in chunks of their own, it sees to it that their memory comes back soon. */
  passed?(bytes: number): void;
  /** Connections that have come in stay. */
  close(): Promise<void>;
}

/**
 * A unix socket is made for this user alone (0600), and replaces one that nobody listens at any more.
 * @throws RegctlError PORT_HELD, LISTEN_FAILED
 */
export type ListenLocally = (
  at: Destination,
  onArrival: (arrival: Arrival) => void,
) => Promise<LocalListener>;

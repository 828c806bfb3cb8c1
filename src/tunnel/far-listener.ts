/**
 * A listener on another host: a reverse forward, opened anew after each reconnect. It listens at the loopback over
 * there, so the far server needs no GatewayPorts.
 */
import type { Duplex } from "node:stream";
import { isRegctlError, RegctlError } from "../errors.ts";
import { toRegctlError } from "../explain/errors.ts";
import type { Clock, Destination } from "../ports.ts";
import { type Listener, renderDestination, type SshConnection } from "../ssh/connection.ts";
import { intervalMs } from "./back-off.ts";
import { endSession, type FarSession, identifySession, readPortHolder, renderHolder } from "./far-session.ts";
import type { SessionNotes } from "./session-notes.ts";
import type { KeptConnection } from "./tunnel.ts";

export interface FarListenerOptions {
  readonly at: Destination;
  readonly onArrival: (stream: Duplex) => void;
  /** Told whenever `problem` has changed. */
  readonly onChange: () => void;
  readonly notes: SessionNotes;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

type Refusal = RegctlError<"SSH_FORWARD_FAILED"> | RegctlError<"SSH_FORWARD_DENIED">;

const connectWaitMs = 60_000;

export class FarListener {
  readonly #engine: KeptConnection;
  readonly #notes: SessionNotes;
  readonly #options: FarListenerOptions;
  readonly #closing = new AbortController();
  #at: Destination;
  #problem: RegctlError | null = null;
  #listener: Listener | null = null;
  #keeping: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(engine: KeptConnection, options: FarListenerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#notes = options.notes;
    this.#at = options.at;
    engine.onChange(() => this.#wake());
  }

  get at(): Destination {
    return this.#at;
  }

  /** Null where it listens; else why it does not at the moment. */
  get problem(): RegctlError | null {
    return this.#problem;
  }

  /**
   * @throws RegctlError SSH_FORWARD_DENIED: the server lets nobody listen; SSH_FORWARD_FAILED; PORT_HELD: somebody
   * else listens there, or another tunnel of ours does; of the connection
   */
  async open(): Promise<void> {
    const connection = await this.#engine.up(connectWaitMs);
    await this.#listen(connection);
    this.#keeping = this.#keep(connection);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    // A connection that is gone has taken its listener with it.
    await this.#listener?.close().catch(() => {});
    if (this.#listener !== null) await this.#notes.replace([]);
    this.#listener = null;
    await this.#keeping;
    await this.#notes.release();
  }

  /** Opens it again on every new connection, for as long as it is wanted. */
  async #keep(connection: SshConnection): Promise<void> {
    const { signal } = this.#closing;
    const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    let current: SshConnection | null = connection;
    while (current !== null) {
      const lost = await Promise.race([current.closed, over]);
      if (signal.aborted) return;
      this.#listener = null;
      const facts = { host: current.name, reason: "closed here" };
      this.#tell(lost ?? new RegctlError("SSH_CONNECTION_LOST", facts));
      current = await this.#nextConnection(current);
      if (current !== null) await this.#listenUntilOpen(current);
    }
  }

  /** Tries until it listens, the connection is gone, or it is closed. */
  async #listenUntilOpen(connection: SshConnection): Promise<void> {
    const { signal } = this.#closing;
    const { clock, random } = this.#options;
    const start = clock.now().getTime();
    let gone = false;
    void connection.closed.then(() => {
      gone = true;
    });
    for (let failed = 1; !signal.aborted && !gone; failed += 1) {
      try {
        await this.#listen(connection);
        return this.#tell(null);
      } catch (error) {
        // ssh that does not answer its own client is tried again like everything else.
        this.#tell(toRegctlError(error));
      }
      const sinceCutMs = clock.now().getTime() - start;
      const pause = clock.sleep(intervalMs({ failed, sinceCutMs, random: random() }), signal);
      await Promise.race([connection.closed, pause.catch(() => {})]);
    }
  }

  /** Not hammered: whoever keeps the connection decides when it is tried. Null once it is closed. */
  async #nextConnection(before: SshConnection): Promise<SshConnection | null> {
    while (!this.#closing.signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (this.#engine.state === "up") {
        const connection = await this.#engine.up(connectWaitMs).catch(() => null);
        if (connection !== null && connection !== before) return connection;
      }
      await changed;
    }
    return null;
  }

  async #listen(connection: SshConnection): Promise<void> {
    const session = await identifySession(connection);
    const listener = await this.#claim(connection, session);
    if (this.#closing.signal.aborted) return await listener.close().catch(() => {});
    this.#listener = listener;
    this.#at = listener.at;
    await this.#notes.replace(session === null ? [] : [session]);
  }

  /** Listens; where a session of ours that is left over is in the way, after it has been ended. */
  async #claim(connection: SshConnection, session: FarSession | null): Promise<Listener> {
    const left = this.#notes.sessions.filter(({ pid }) => pid !== session?.pid);
    for (let mayEnd = left.length > 0; ; mayEnd = false) {
      const refused = await this.#try(connection);
      if (!(refused instanceof RegctlError)) return refused;
      const held = await this.#explain(refused, connection);
      // It may have become free between the two looks.
      if (held === "free") return await this.#tryOnce(connection);
      if (!mayEnd || !held.maybeOurs) throw held.error;
      for (const old of left) await endSession(connection, old);
    }
  }

  /** A listener, or why the server has refused: SSH says no in the same words whatever the reason. */
  async #try(connection: SshConnection): Promise<Listener | Refusal> {
    try {
      // The port of the first time stands in the names of images.
      return await connection.listen(this.#at, this.#options.onArrival);
    } catch (error) {
      if (isRegctlError(error, "SSH_FORWARD_FAILED") || isRegctlError(error, "SSH_FORWARD_DENIED"))
        return error;
      throw error;
    }
  }

  /** The port is free: who is refused now may not have it. */
  async #tryOnce(connection: SshConnection): Promise<Listener> {
    const refused = await this.#try(connection);
    if (!(refused instanceof RegctlError)) return refused;
    const { host, destination, reason } = refused.facts;
    throw new RegctlError("SSH_FORWARD_DENIED", { host, destination, reason, listening: true });
  }

  async #explain(
    refusal: Refusal,
    connection: SshConnection,
  ): Promise<"free" | { readonly error: RegctlError; readonly maybeOurs: boolean }> {
    if (this.#at.kind === "unix") return { error: refusal, maybeOurs: false };
    const holder = await readPortHolder(connection, this.#at.port);
    if (holder === "free") return holder;
    if (holder === "unknown") return { error: refusal, maybeOurs: true };
    const { heldBy } = this.#notes;
    // A process of sshd shows its sockets to root alone.
    const maybeOurs = holder.own && (holder.process === null || /^(sshd|dropbear)/.test(holder.process));
    const by = maybeOurs && heldBy !== null ? `another tunnel of yours, ${heldBy}` : renderHolder(holder);
    const address = renderDestination(this.#at);
    return { error: new RegctlError("PORT_HELD", { address, host: connection.name, by }), maybeOurs };
  }

  #tell(problem: RegctlError | null): void {
    this.#problem = problem;
    this.#options.onChange();
  }
}

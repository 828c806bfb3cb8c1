import { isRegctlError, RegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { SshConnection } from "../ssh/connection.ts";
import { intervalMs, limitMs } from "./back-off.ts";
import { type PauseEnd, pause } from "./pause.ts";
import type { KeptConnection, TunnelState } from "./tunnel.ts";
import { Waiting } from "./waiting.ts";

/** One attempt to connect: within `timeoutMs`, and given up, leaving nothing, when `signal` is aborted. */
export type ConnectOnce = (attempt: Attempt) => Promise<SshConnection>;

export interface Attempt {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface KeepWorld {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Ends it all, as `close` does. */
  readonly signal: AbortSignal;
}

export interface KeepOptions {
  /** For one attempt to connect, at most. */
  readonly connectTimeoutMs: number;
}

/** SSH asks a server that has been silent for 4 s, and gives it up 12 s after its last word. */
export const tunnelAlive = { seconds: 4, count: 2 } as const;

/** After a sleep nobody waits for the keepalive. */
const answerWithinMs = 3_000;
/** A refused login is not tried again sooner. */
const refusedPauseMs = 60_000;
/** Whoever waits shortens a long pause to this. */
const hastyPauseMs = 2_000;

/** What a later attempt may not meet any more; all else is a refusal, which is not hammered. */
const passing = [
  "SSH_NAME_UNKNOWN",
  "SSH_UNREACHABLE",
  "SSH_TIMEOUT",
  "SSH_CONNECTION_LOST",
  // A disk of this machine that is full.
  "HOST_FILE_FAILED",
];

/**
 * Connects, and from then on makes the connection again whenever it is lost.
 * @throws RegctlError SSH_*: why the first attempt failed; the reason of `world.signal`
 */
export async function keepConnection(
  connect: ConnectOnce,
  { connectTimeoutMs }: KeepOptions,
  world: KeepWorld,
): Promise<KeptConnection> {
  const start = performance.now();
  const first = await connect({ timeoutMs: connectTimeoutMs, signal: world.signal });
  const kept = { connectTimeoutMs, tookMs: performance.now() - start, name: first.name };
  return new Kept(first, connect, kept, world);
}

interface Known extends KeepOptions {
  /** Of an attempt that came through. */
  readonly tookMs: number;
  readonly name: string;
}

class Kept implements KeptConnection {
  #state: TunnelState = "up";
  #since: Date;
  #reconnects = 0;
  #problem: RegctlError | null = null;
  #connection: SshConnection | null = null;
  readonly #connect: ConnectOnce;
  readonly #known: Known;
  readonly #world: KeepWorld;
  readonly #over = new AbortController();
  readonly #waiting = new Waiting<SshConnection>();
  readonly #listeners: (() => void)[] = [];
  readonly #keeping: Promise<void>;
  /** Cuts the pause before the next attempt short. */
  #hurry: () => void = () => {};
  #refusedAt = 0;

  constructor(first: SshConnection, connect: ConnectOnce, known: Known, world: KeepWorld) {
    this.#connect = connect;
    this.#known = known;
    this.#world = world;
    this.#since = world.clock.now();
    const end = (): void => void this.close();
    world.signal.addEventListener("abort", end, { once: true });
    this.#over.signal.addEventListener("abort", () => world.signal.removeEventListener("abort", end));
    this.#keeping = this.#keep(first);
    if (world.signal.aborted) end();
  }

  get state(): TunnelState {
    return this.#state;
  }

  get since(): Date {
    return this.#since;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  get problem(): RegctlError | null {
    return this.#problem;
  }

  async up(waitMs: number): Promise<SshConnection> {
    if (this.#over.signal.aborted) throw this.#lost("the tunnel is closed");
    if (this.#connection !== null) return this.#connection;
    const refused = this.#state === "failed" && Math.abs(this.#now() - this.#refusedAt) < refusedPauseMs;
    if (refused) throw this.#why();
    this.#hurry();
    return await this.#waiting.wait(waitMs, () => this.#why());
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#waiting.reject(this.#lost("the tunnel is closed"));
    await this.#keeping;
  }

  async #keep(first: SshConnection): Promise<void> {
    for (let connection: SshConnection | null = first; connection !== null; ) {
      this.#connection = connection;
      this.#tell("up", null);
      this.#waiting.resolve(connection);
      const lost = await this.#untilLost(connection);
      this.#connection = null;
      const closing = connection.close();
      if (lost === null) return await closing;
      this.#tell("reconnecting", lost);
      connection = await this.#again();
      if (connection !== null) this.#reconnects += 1;
    }
  }

  /** Why it was lost; null when all is over. */
  async #untilLost(connection: SshConnection): Promise<RegctlError | null> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#over.signal]);
    const { promise, resolve } = Promise.withResolvers<RegctlError | null>();
    void connection.closed.then((error) => resolve(error ?? this.#lost("closed here")));
    void this.#watchClock(connection, signal).then((answered) =>
      resolve(answered ? null : this.#lost("no answer after this machine slept")),
    );
    const lost = await promise;
    over.abort();
    return this.#over.signal.aborted ? null : lost;
  }

  /** False once the machine has slept and the server does not answer any more; true when it is all over. */
  async #watchClock(connection: SshConnection, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const end = await pause(Number.POSITIVE_INFINITY, this.#world.clock, signal);
      if (end === "stopped") return true;
      if (!(await connection.answers(answerWithinMs)) && !signal.aborted) return false;
    }
  }

  /** Tries until there is a connection; null when all is over. */
  async #again(): Promise<SshConnection | null> {
    const { connectTimeoutMs: usualMs, tookMs } = this.#known;
    let [cutAt, failed, attemptAt] = [this.#now(), 0, this.#now()];
    for (;;) {
      const random = this.#world.random();
      const interval = intervalMs({ failed, sinceCutMs: this.#now() - cutAt, random });
      const end = await this.#wait(attemptAt, interval, hastyPauseMs);
      if (end === "stopped") return null;
      // Whoever has just opened the lid waits for it.
      if (end === "slept") [cutAt, failed] = [this.#now(), 0];
      attemptAt = this.#now();
      const timeoutMs = limitMs({ failed, sinceCutMs: attemptAt - cutAt, tookMs, usualMs });
      const result = await this.#attempt(timeoutMs);
      if (!isRegctlError(result)) return result;
      failed += 1;
      if (passing.includes(result.code)) {
        this.#tell("reconnecting", result);
        continue;
      }
      this.#refusedAt = this.#now();
      this.#tell("failed", result);
      this.#waiting.reject(result);
      if ((await this.#wait(attemptAt, Number.POSITIVE_INFINITY, 0)) === "stopped") return null;
      this.#tell("reconnecting", result);
      [cutAt, failed] = [this.#now(), 0];
    }
  }

  async #attempt(timeoutMs: number): Promise<SshConnection | RegctlError | null> {
    const { signal } = this.#over;
    try {
      const connection = await this.#connect({ timeoutMs, signal });
      if (!signal.aborted) return connection;
      await connection.close();
      return null;
    } catch (error) {
      if (signal.aborted) return null;
      if (isRegctlError(error)) return error;
      return new RegctlError("INTERNAL", { what: String(error) }, { cause: error });
    }
  }

  /** Until `interval` after `from`, or until `hasty` after it once somebody waits. */
  async #wait(from: number, interval: number, hasty: number): Promise<PauseEnd> {
    const gone = Math.max(0, this.#now() - from);
    const hurried = new AbortController();
    this.#hurry = () => hurried.abort();
    if (this.#waiting.any) hurried.abort();
    const { clock } = this.#world;
    const over = this.#over.signal;
    const end = await pause(interval - gone, clock, AbortSignal.any([hurried.signal, over]));
    this.#hurry = () => {};
    if (end !== "stopped" || over.aborted) return end;
    const left = Math.min(interval, hasty) - Math.max(0, this.#now() - from);
    return await pause(left, clock, over);
  }

  #now(): number {
    return this.#world.clock.now().getTime();
  }

  #tell(state: TunnelState, problem: RegctlError | null): void {
    if (this.#state !== state) this.#since = this.#world.clock.now();
    this.#state = state;
    this.#problem = problem;
    for (const listener of this.#listeners) listener();
  }

  #why(): RegctlError {
    return this.#problem ?? this.#lost("not connected yet");
  }

  #lost(reason: string): RegctlError {
    return new RegctlError("SSH_CONNECTION_LOST", { host: this.#known.name, reason });
  }
}

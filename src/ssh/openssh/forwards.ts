/** Forwards through a master connection, by unix sockets in its private folder. */
import { once } from "node:events";
import net from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { RegctlError } from "../../errors.ts";
import type { Intake } from "../../intake.ts";
import type { Destination } from "../../ports.ts";
import { renderDestination } from "../connection.ts";
import type { Control } from "./control.ts";
import type { Master } from "./master.ts";
import { toForwardFailure } from "./messages.ts";

const backlogPauseMs = 5;

export interface ReverseForward {
  /** The port that the server chose. */
  readonly port: number | null;
  cancel(): Promise<void>;
}

/**
 * `ssh -W` would need a process for each stream and cannot tell that the other side has finished while ours has not,
 * so a destination is forwarded once and then dialled through its socket.
 */
export class Forwards {
  readonly #control: Control;
  readonly #master: Master;
  readonly #name: string;
  readonly #paths = new Map<string, Promise<string>>();
  readonly #refused = new Map<string, string>();
  readonly #marks = new WeakMap<net.Socket, number>();
  #count = 0;

  constructor(control: Control, master: Master, name: string) {
    this.#control = control;
    this.#master = master;
    this.#name = name;
  }

  nextNumber(): number {
    return ++this.#count;
  }

  /**
   * Dials through the forward to `destination`. ssh accepts here before the server has tried there: so wait for the
   * first byte, the end, or one round trip to the server, which tells an immediate refusal.
   * @throws RegctlError SSH_FORWARD_DENIED, SSH_FORWARD_FAILED
   */
  async connect(destination: Destination): Promise<net.Socket> {
    const socket = await this.open(destination);
    await firstSign(socket, this.#control.roundTrip());
    const refusal = socket.readableEnded ? await this.refusal(destination, socket) : null;
    if (refusal) socket.destroy();
    if (refusal) throw refusal;
    return socket;
  }

  /** As `connect`, without waiting for a sign: a refusal is the end of the socket. */
  async open(destination: Destination, intake?: Intake): Promise<net.Socket> {
    const path = await this.#pathTo(destination);
    const mark = this.#master.mark();
    const socket = await connectTo(path, intake);
    this.#marks.set(socket, mark);
    return socket;
  }

  /** What the master has said about a refused forward since `socket` was opened. */
  async refusal(destination: Destination, socket: net.Socket): Promise<RegctlError | null> {
    const mark = this.#marks.get(socket) ?? 0;
    // The master writes why and then closes the socket: both are here already, or about to be read.
    for (let turn = 0; turn < 10; turn++) {
      const said = this.#master.since(mark);
      if (/open failed/.test(said)) return toForwardFailure(said, this.#name, destination);
      await setImmediate();
    }
    return null;
  }

  /**
   * The socket for what arrives at `at`. ssh keeps where a forward that was refused should have led, cannot be made to
   * forget it, and leads the connections of the next attempt there: so the next one has the same socket.
   */
  socketFor(at: Destination): string {
    const key = renderForOption(at);
    const path = this.#refused.get(key) ?? `${this.#control.folder}/l${this.nextNumber()}`;
    this.#refused.delete(key);
    return path;
  }

  /** The far side listens at `at`; its connections arrive at the socket `path`. */
  async reverse(at: Destination, path: string): Promise<ReverseForward> {
    const forward = `${renderForOption(at)}:${path}`;
    const { code, stdout, stderr } = await this.#control.request("-O", "forward", "-R", forward);
    if (code !== 0) {
      this.#refused.set(renderForOption(at), path);
      throw toForwardFailure(stderr.toString(), this.#name, at);
    }
    const port = Number(/^\d+$/m.exec(stdout.toString())?.[0] ?? 0) || null;
    return { port, cancel: async () => void (await this.#control.request("-O", "cancel", "-R", forward)) };
  }

  #pathTo(destination: Destination): Promise<string> {
    const key = renderForOption(destination);
    const path = this.#paths.get(key) ?? this.#forward(destination, key);
    this.#paths.set(key, path);
    path.catch(() => this.#paths.delete(key));
    return path;
  }

  async #forward(destination: Destination, key: string): Promise<string> {
    const path = `${this.#control.folder}/f${this.nextNumber()}`;
    const { code, stderr } = await this.#control.request("-O", "forward", "-L", `${path}:${key}`);
    if (code !== 0) throw toForwardFailure(stderr.toString(), this.#name, destination);
    return path;
  }
}

/** The master accepts one after another: with more than it has room for waiting, the system says EAGAIN. */
async function connectTo(path: string, intake: Intake | undefined): Promise<net.Socket> {
  for (;;) {
    const socket = net.connect({
      path,
      allowHalfOpen: true,
      ...(intake === undefined ? {} : { onread: intake.onread }),
    });
    try {
      await once(socket, "connect");
      socket.on("error", () => {});
      return socket;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      await sleep(backlogPauseMs);
    }
  }
}

/** Waits for the first byte or the end of a socket, without taking anything from it, or for `enough`. */
async function firstSign(socket: net.Socket, enough: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("readable", resolve);
  await Promise.race([promise, enough]);
  socket.off("readable", resolve);
  if (socket.readableLength > 0) return;
  // Reading nothing makes a stream notice its end.
  socket.read();
  await setImmediate();
}

/** A destination as part of `-L` and `-R`, where a colon divides and a percent sign starts a token. */
function renderForOption(destination: Destination): string {
  if (destination.kind === "tcp") return renderDestination(destination);
  return destination.path.replace(/[\\:]/g, "\\$&").replaceAll("%", "%%");
}

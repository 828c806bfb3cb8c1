import type { Duplex } from "node:stream";
import { isRegctlError, RegctlError } from "../../errors.ts";
import { renderForPeople } from "../../explain/quote.ts";
import { JoinedStream } from "../../joined-stream.ts";
import type { CommandOptions, CommandResult, Destination } from "../../ports.ts";
import { inTime, nowhere } from "../aliveness.ts";
import type { Dialled, Listener, SshConnection } from "../connection.ts";
import { withLimits } from "../limits.ts";
import { renderRemoteCommand } from "../remote-command.ts";
import { SessionSlots } from "../session-slots.ts";
import type { SshTarget } from "../target.ts";
import { UnderWay } from "../under-way.ts";
import { collectSession, keepStderr, killChannel, type Session, startSession } from "./command.ts";
import { isRefusal, toForwardFailure } from "./failures.ts";
import type { Channel, Client, ClientChannel, NodeSSH } from "./library.ts";
import { createWindows, type Windows } from "./window.ts";

const closeTimeoutMs = 2_000;

/** What only whoever opened the connection knows. */
interface Carried {
  /** What the client's latest `error` event was. */
  lastError(): Error | null;
  /** Ends the socket beneath at once. */
  cut(): void;
}

/** An SSH connection in this process, over node-ssh. */
export class NodeConnection implements SshConnection {
  readonly carrier = "node";
  readonly local = false;
  readonly name: string;
  readonly target: SshTarget;
  readonly closed: Promise<RegctlError | undefined>;
  readonly #ssh: NodeSSH;
  readonly #client: Client;
  /** A server that does not answer keeps ssh2 waiting for ever: `destroy` of its client spares what has been ended. */
  readonly #cut: () => void;
  readonly #windows: Windows;
  readonly #slots = new SessionSlots();
  readonly #underWay = new UnderWay();
  #closing = false;

  constructor(ssh: NodeSSH, client: Client, target: SshTarget, carried: Carried) {
    this.#ssh = ssh;
    this.#client = client;
    this.#cut = carried.cut;
    this.#windows = createWindows(client);
    this.target = target;
    this.name = target.name;
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        const reason = this.#closing
          ? "closed here"
          : (carried.lastError()?.message ?? "the server closed the connection");
        const lost = new RegctlError("SSH_CONNECTION_LOST", { host: this.name, reason });
        this.#underWay.lose(lost, this.#closing);
        resolve(this.#closing ? undefined : lost);
      });
    });
  }

  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return withLimits(argv, this.name, options, async (onStop) => {
      const session = await this.#session(argv);
      onStop(() => killChannel(session.channel));
      try {
        return await this.#underWay.until(() => collectSession(session, options.input ?? ""));
      } finally {
        this.#slots.release();
      }
    });
  }

  async open(argv: readonly string[]): Promise<Duplex> {
    const { channel, exit } = await this.#session(argv);
    void exit.then(() => this.#slots.release());
    const stderr = keepStderr(channel);
    const ending = async (): Promise<Error | null> => {
      const code = await this.#underWay.until(() => exit);
      const facts = { host: this.name, command: renderForPeople(argv), code, output: stderr() };
      return code === 0 ? null : new RegctlError("HOST_COMMAND_FAILED", facts);
    };
    return this.#stream(channel, ending, () => killChannel(channel));
  }

  async dial(destination: Destination): Promise<Duplex> {
    return this.#forwarded(await this.#channelTo(destination));
  }

  async dialAtOnce(destination: Destination): Promise<Dialled> {
    const channel = await this.#channelTo(destination);
    return {
      stream: channel,
      ending: async () => this.#underWay.lost ?? null,
      discard: () => release(channel),
    };
  }

  async answers(withinMs: number): Promise<boolean> {
    const asked = this.#channelTo(nowhere).then(
      (channel) => {
        release(channel);
        return true;
      },
      (error) => isRegctlError(error) && error.code !== "SSH_CONNECTION_LOST",
    );
    return await inTime(asked, withinMs);
  }

  async listen(at: Destination, onConnection: (stream: Duplex) => void): Promise<Listener> {
    const take = (accept: () => Channel): void => onConnection(this.#forwarded(accept()));
    if (at.kind === "unix") {
      const forward = () => this.#ssh.forwardInStreamLocal(at.path, (_info, accept) => take(accept));
      const { dispose } = await this.#forward(at, forward);
      return { at, close: dispose };
    }
    const forward = () => this.#ssh.forwardIn(at.host, at.port, (_details, accept) => take(accept));
    const { port, dispose } = await this.#forward(at, forward);
    return { at: { ...at, port: port || at.port }, close: dispose };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#client.end();
    const timer = setTimeout(this.#cut, closeTimeoutMs);
    await this.closed;
    clearTimeout(timer);
  }

  /** Starts a command on a channel of its own, when the server has room for one. */
  async #session(argv: readonly string[]): Promise<Session> {
    const line = renderRemoteCommand(argv);
    for (;;) {
      await this.#underWay.until(() => this.#slots.take());
      try {
        return await this.#underWay.until(() => startSession(this.#client, line));
      } catch (error) {
        if (this.#underWay.lost) throw error;
        if (isRefusal(error) && this.#slots.refused()) continue;
        const output = error instanceof Error ? error.message : String(error);
        const facts = { host: this.name, command: renderForPeople(argv), code: null, output };
        throw new RegctlError("HOST_COMMAND_FAILED", facts, { cause: error });
      }
    }
  }

  async #channelTo(destination: Destination): Promise<Channel> {
    const channel = await this.#forward(destination, () =>
      destination.kind === "unix"
        ? this.#ssh.forwardOutStreamLocal(destination.path)
        : this.#ssh.forwardOut("127.0.0.1", 0, destination.host, destination.port),
    );
    this.#windows.keep(channel);
    return channel;
  }

  async #forward<T>(destination: Destination, request: () => Promise<T>): Promise<T> {
    try {
      return await this.#underWay.until(request);
    } catch (error) {
      if (this.#underWay.lost || !(error instanceof Error)) throw error;
      throw toForwardFailure(error, this.name, destination);
    }
  }

  #forwarded(channel: Channel): Duplex {
    return this.#stream(
      channel,
      async () => this.#underWay.lost ?? null,
      () => release(channel),
    );
  }

  #stream(
    channel: Channel | ClientChannel,
    ending: () => Promise<Error | null>,
    release: () => void,
  ): Duplex {
    return this.#underWay.track(new JoinedStream({ readable: channel, writable: channel, ending, release }));
  }
}

function release(channel: Channel): void {
  channel.end();
  channel.close();
  // Unread bytes would hold back the event that frees it.
  channel.resume();
}

import { once } from "node:events";
import { rm } from "node:fs/promises";
import net from "node:net";
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import { collectChild, tail } from "../../child.ts";
import { isRegctlError, RegctlError } from "../../errors.ts";
import { renderForPeople } from "../../explain/quote.ts";
import { Intake } from "../../intake.ts";
import { JoinedStream } from "../../joined-stream.ts";
import type { Child, CommandOptions, CommandResult, Destination } from "../../ports.ts";
import { inTime, nowhere } from "../aliveness.ts";
import type { Dialled, Listener, SshConnection } from "../connection.ts";
import { withLimits } from "../limits.ts";
import { renderRemoteCommand } from "../remote-command.ts";
import { SessionSlots } from "../session-slots.ts";
import type { SshTarget } from "../target.ts";
import { UnderWay } from "../under-way.ts";
import { type Control, parseClientEnd } from "./control.ts";
import { Forwards } from "./forwards.ts";
import type { Master } from "./master.ts";
import { Pulse } from "./pulse.ts";

/** ssh's own code for "it was me who failed", which a command may give as well. */
const ambiguous = 255;

/** An SSH connection held by the system's `ssh`. */
export class OpenSshConnection implements SshConnection {
  readonly carrier = "openssh";
  readonly local = false;
  readonly name: string;
  readonly target: SshTarget;
  readonly closed: Promise<RegctlError | undefined>;
  readonly #master: Master;
  readonly #control: Control;
  readonly #forwards: Forwards;
  readonly #pulse: Pulse;
  readonly #slots = new SessionSlots();
  readonly #underWay = new UnderWay();
  #closing = false;

  constructor(master: Master, control: Control, target: SshTarget) {
    this.#master = master;
    this.#control = control;
    this.target = target;
    this.name = target.name;
    this.#forwards = new Forwards(control, master, target.name);
    this.#pulse = new Pulse(`${master.folder}/c`);
    this.closed = master.ended.then((words) => {
      const reason = this.#closing ? "closed here" : words;
      const lost = new RegctlError("SSH_CONNECTION_LOST", { host: this.name, reason });
      this.#underWay.lose(lost, this.#closing);
      return this.#closing ? undefined : lost;
    });
  }

  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return withLimits(argv, this.name, options, async (onStop) => {
      for (;;) {
        const result = await this.#attempt(argv, options.input ?? "", onStop);
        if (result) return result;
      }
    });
  }

  async open(argv: readonly string[]): Promise<Duplex> {
    await this.#underWay.until(() => this.#slots.take());
    const { child, log } = this.#control.session(renderRemoteCommand(argv));
    const stderr = tail(child.stderr);
    void child.exited.then(() => this.#slots.release());
    const ending = async (): Promise<Error | null> => {
      const { code } = await this.#underWay.until(() => child.exited);
      const told = code === ambiguous ? await log.read() : "";
      await log.remove();
      if (code === 0) return null;
      const real = code === ambiguous ? await this.#realCode(told) : code;
      const facts = {
        host: this.name,
        command: renderForPeople(argv),
        code: real,
        output: stderr().toString(),
      };
      return new RegctlError("HOST_COMMAND_FAILED", facts);
    };
    const release = (): void => child.kill("SIGTERM");
    return this.#underWay.track(
      new JoinedStream({ readable: child.stdout, writable: child.stdin, ending, release }),
    );
  }

  async dial(destination: Destination): Promise<Duplex> {
    const socket = await this.#underWay.until(() => this.#forwards.connect(destination));
    const ending = async (): Promise<Error | null> => {
      const refusal = socket.bytesRead > 0 ? null : await this.#forwards.refusal(destination, socket);
      return this.#underWay.lost ?? refusal;
    };
    const release = (): void => void socket.destroy();
    return this.#underWay.track(new JoinedStream({ readable: socket, writable: socket, ending, release }));
  }

  async dialAtOnce(destination: Destination): Promise<Dialled> {
    const intake = new Intake();
    const opening = this.#underWay.until(() => this.#forwards.open(destination, intake));
    const stream = await opening.catch((error: unknown) => this.#explain(error));
    const ending = async (): Promise<RegctlError | null> => {
      await this.#heed();
      if (this.#underWay.lost) return this.#underWay.lost;
      return stream.bytesRead > 0 ? null : await this.#forwards.refusal(destination, stream);
    };
    return { stream, intake, ending, discard: () => void stream.destroy() };
  }

  async answers(withinMs: number): Promise<boolean> {
    const asked = this.dialAtOnce(nowhere).then(async ({ stream, ending, discard }) => {
      await finished(stream, { writable: false }).catch(() => {});
      discard();
      return !isRegctlError(await ending(), "SSH_CONNECTION_LOST");
    });
    return await inTime(asked, withinMs);
  }

  async listen(at: Destination, onConnection: (stream: Duplex) => void): Promise<Listener> {
    const path = this.#forwards.socketFor(at);
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      const ending = async (): Promise<Error | null> => {
        await this.#heed();
        return this.#underWay.lost ?? null;
      };
      const release = (): void => void socket.destroy();
      onConnection(
        this.#underWay.track(new JoinedStream({ readable: socket, writable: socket, ending, release })),
      );
    });
    server.listen(path);
    await once(server, "listening");
    void this.closed.then(() => server.close());
    try {
      const { port, cancel } = await this.#underWay.until(() => this.#forwards.reverse(at, path));
      const close = async (): Promise<void> => {
        server.close();
        await cancel();
        await rm(path, { force: true });
      };
      return { at: at.kind === "tcp" ? { ...at, port: port ?? at.port } : at, close };
    } catch (error) {
      server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#master.stop();
    await this.closed;
  }

  /** Runs a command once; undefined when the server had no room for another session and waiting may help. */
  async #attempt(
    argv: readonly string[],
    input: Buffer | string,
    onStop: (stop: () => void) => void,
  ): Promise<CommandResult | undefined> {
    await this.#underWay.until(() => this.#slots.take());
    const { child, log } = this.#control.session(renderRemoteCommand(argv));
    onStop(() => stopClient(child));
    let refused = false;
    try {
      const timeout = (): Error => new Error("no limit");
      const result = await this.#underWay.until(() => collectChild(child, { input }, { timeout }));
      if (result.code !== ambiguous) return result;
      const told = await log.read();
      refused = parseClientEnd(told) === "refused";
      if (!refused) return { ...result, code: await this.#realCode(told) };
    } finally {
      await log.remove();
      if (!refused) this.#slots.release();
    }
    if (this.#slots.refused()) return undefined;
    const facts = { host: this.name, command: renderForPeople(argv), code: null };
    throw new RegctlError("HOST_COMMAND_FAILED", { ...facts, output: "the server refuses sessions" });
  }

  /** A master that goes closes its sockets before we hear of it: its word is needed for every end. */
  async #heed(): Promise<void> {
    if (!(await this.#pulse.beats())) await this.closed;
  }

  async #explain(error: unknown): Promise<never> {
    if (!isRegctlError(error)) await this.#heed();
    throw this.#underWay.lost ?? error;
  }

  /** A command that a signal ended looks to ssh like a lost connection: ask whether there still is one. */
  async #realCode(told: string): Promise<number | null> {
    if (parseClientEnd(told) === "command") return ambiguous;
    const { code } = await this.#control.request("-O", "check");
    if (code !== 0) await this.#underWay.until(() => this.#master.ended);
    if (this.#underWay.lost) throw this.#underWay.lost;
    return null;
  }
}

function stopClient(child: Child): void {
  child.kill("SIGTERM");
  child.stdout.destroy();
  child.stderr.destroy();
}

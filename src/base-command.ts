/** What every command is made of: it parses, runs one feature, and names who renders the outcome. */

import { Command } from "@oclif/core/command";
import type { Config } from "@oclif/core/config";
import type { InferredArgs, InferredFlags } from "@oclif/core/interfaces";
import type { Context, ContextOptions } from "./context.ts";
import { RegctlError } from "./errors.ts";
import { type ProgressMode, pickFlags } from "./flags.ts";
import type { Environment, Question } from "./ports.ts";
import type { Teller } from "./report/progress.ts";
import type { RenderOptions } from "./report/terminal.ts";

/** Pure: an outcome as lines. Takes any document its command makes (a method, so that TypeScript allows that). */
export type Renderer<Document> = {
  render(document: Document, options: RenderOptions): readonly string[];
}["render"];

export interface CommandResult<Document extends object = object> {
  /** Exactly what `--json` prints. */
  readonly document: Document;
  /** 0 when left out. */
  readonly exitCode?: number;
  /** Bytes that are printed as they are in place of everything else, also with `--json`. */
  readonly raw?: Buffer;
  /** The text shows what stands in files or in images: not even a command line of ours in it is said in another way. */
  readonly verbatim?: boolean;
  /** Loads the renderer; called only when text is wanted. */
  readonly render: () => Promise<Renderer<Document>>;
  /**
   * What goes on after the document has been printed (a server, a tunnel): resolves to the exit code, or rejects with
   * what ended it, which is then told on standard error. `exitCode` means nothing beside it. A function is called
   * once the document is out: what it tells stands below.
   */
  readonly running?: Promise<number> | (() => Promise<number>);
}

/** What `main` hands to the command that it starts. */
export interface Surroundings {
  readonly environment: Environment;
  /** What the person types to start this program, for what is shown: `regctl`, `docker regctl`. */
  readonly program: string;
  readonly signal: AbortSignal;
  readonly stdin: () => NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  /** From then on SIGHUP calls this instead of ending the command: what runs for long reads its files again. */
  onHangup(listener: () => void): void;
  /** From then on signals come here and interrupt nothing: they are another program's, for which this one waits. */
  onSignal(listener: (signal: NodeJS.Signals) => void): void;
}

type CommandStatics = Pick<typeof Command, "args" | "flags" | "baseFlags">;

/** The parsed command line of a command: `InputOf<typeof ThisCommand>`. */
export interface InputOf<Statics extends CommandStatics> {
  readonly args: InferredArgs<Statics["args"]>;
  readonly flags: InferredFlags<Statics["flags"]> & InferredFlags<Statics["baseFlags"]>;
}

interface LooseInput {
  readonly args: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

interface GlobalFlags {
  readonly progress: ProgressMode;
  readonly verbose: boolean;
}

/** Of `--tunnel`. */
interface TunnelFlags {
  readonly server: string;
  readonly connection: Pick<ContextOptions["flags"], "ssh" | "accept-host-key">;
}

/** A concrete command: the statics that oclif reads, and how it is made. */
export type CommandClass = CommandStatics & (new (argv: string[], config: Config) => RegctlCommand);

const baseFlags = pickFlags("json", "progress", "verbose");

export abstract class RegctlCommand<Document extends object = object> extends Command {
  static override baseFlags = baseFlags;
  #surroundings: Surroundings | undefined;
  #globals: GlobalFlags = { progress: "auto", verbose: false };
  #teller: Teller | undefined;
  #tunnel: TunnelFlags | undefined;
  #leaveTunnel: (() => Promise<void>) | undefined;

  protected abstract execute(input: LooseInput): Promise<CommandResult<Document>>;

  /** The door for `main`: instead of oclif's static `run`, which would load its configuration a second time. */
  async perform(surroundings: Surroundings): Promise<CommandResult<Document>> {
    this.#surroundings = surroundings;
    return await this.run();
  }

  override async run(): Promise<CommandResult<Document>> {
    const { args, flags } = await this.parse(this.ctor);
    this.#globals = { progress: flags.progress, verbose: flags.verbose === true };
    this.#tunnel = readTunnelFlags(args, flags);
    // The document is printed below whatever stands on the screen: live lines go first, and may come again after it.
    const close = (): void => this.#teller?.close();
    try {
      const result = await this.execute({ args, flags });
      const { running } = result;
      if (running === undefined) return result;
      if (typeof running !== "function") running.catch(() => {});
      const begin = (): Promise<number> => (typeof running === "function" ? running() : running);
      return { ...result, running: () => begin().finally(close) };
    } finally {
      await this.#leaveTunnel?.();
      close();
    }
  }

  protected get surroundings(): Surroundings {
    if (this.#surroundings === undefined) throw new Error("a command is started by main");
    return this.#surroundings;
  }

  /** The doors to the world for this run, made when a command asks for them and not before. */
  protected async context(flags: ContextOptions["flags"]): Promise<Context> {
    const [{ createContext }, { createTeller }, { renderQuestion }, { planRendering }] = await Promise.all([
      import("./context.ts"),
      import("./report/progress.ts"),
      import("./report/prompts.ts"),
      import("./report/terminal.ts"),
    ]);
    const { environment, program, signal, stdin, stderr } = this.surroundings;
    const rendering = planRendering(environment, stderr, program);
    const { progress: mode, verbose } = this.#globals;
    const teller = createTeller(stderr, { ...rendering, mode, verbose, now: () => performance.now() });
    this.#teller = teller;
    const present = (question: Question) => renderQuestion(question, rendering);
    const terminal = { input: stdin, output: stderr, present, aside: teller.aside };
    const tunnel = this.#tunnel;
    const connection = { ...flags, ...tunnel?.connection };
    const context = createContext({ emit: teller.emit, signal, environment, flags: connection, terminal });
    return tunnel === undefined ? context : await this.#throughTunnel(tunnel.server, context);
  }

  /** What is at its end is the registry where no name says otherwise, as if REGCTL_REGISTRY named it. */
  async #throughTunnel(server: string, context: Context): Promise<Context> {
    const { joinTunnel } = await import("./tunnel/for-one-call.ts");
    const { registry, close } = await joinTunnel(server, context);
    this.#leaveTunnel = close;
    return { ...context, environment: { ...context.environment, REGCTL_REGISTRY: registry } };
  }
}

/** Throws USAGE where a registry is named besides. */
function readTunnelFlags(args: LooseInput["args"], flags: LooseInput["flags"]): TunnelFlags | undefined {
  const { tunnel, ssh, "accept-host-key": fingerprints } = flags;
  // A command without the flag has its own meaning of the others.
  if (typeof tunnel !== "string") return undefined;
  if (args.registry !== undefined) {
    const problem = "--tunnel names the registry, and so does the argument";
    throw new RegctlError("USAGE", { problem, type: `--tunnel ${tunnel}, and no REGISTRY` });
  }
  const accepted = Array.isArray(fingerprints) ? fingerprints.map(String) : [];
  const mode = ssh === "node" || ssh === "openssh" ? ssh : "auto";
  return { server: tunnel, connection: { ssh: mode, "accept-host-key": accepted } };
}

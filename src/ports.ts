/**
 * The narrow doors to the world. Features receive these as arguments (see `context.ts`, where they are wired);
 * none of them knows a command line, a terminal or a third-party library.
 */
import type { Duplex, Readable, Writable } from "node:stream";

/** What a finished command left behind. `code` is null when a signal or a lost connection ended it. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface CommandOptions {
  /** Bytes for standard input, which is then closed; none means an empty input. */
  readonly input?: Buffer | string;
  /** The command is ended and the promise rejected after this many milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Where a stream leads, seen from the host that opens it. */
export type Destination =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * A machine that runs commands: this one, or one behind SSH. Every change to a host goes through `run`, so it
 * works the same on both and needs no SFTP. Arguments are never shell text: the adapter quotes them.
 */
export interface Host {
  /** As shown to people and in JSON: `localhost`, or a server as it was typed. */
  readonly name: string;
  readonly local: boolean;
  /** Runs to the end and collects the output. A non-zero exit is a result, not an error. */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts a command and hands over its standard input and output as one stream. */
  open(argv: readonly string[]): Promise<Duplex>;
  /** Opens a connection from that host. */
  dial(destination: Destination): Promise<Duplex>;
}

/** Something that happened and that a person may want to see while it happens. Goes to stderr, never to stdout. */
export type ProgressEvent =
  | { readonly event: "step"; readonly host: string; readonly step: string }
  | { readonly event: "note"; readonly host?: string; readonly note: string }
  | { readonly event: "warning"; readonly host?: string; readonly warning: string }
  /** Shown with `--verbose` alone: one request and what came back. */
  | { readonly event: "trace"; readonly host: string; readonly trace: string }
  /** Bytes that travel to (or from) a host, so far and of how many; a few times a second. */
  | {
      readonly event: "bytes";
      readonly host: string;
      readonly what: string;
      readonly done: number;
      readonly total: number | null;
    }
  /** How a tunnel does: `changed` when its state or its problem is another than told before, else bytes have moved. */
  | {
      readonly event: "tunnel";
      readonly host: string;
      readonly state: string;
      readonly since: string;
      readonly bytesUp: number;
      readonly bytesDown: number;
      readonly reconnects: number;
      readonly problem: string | null;
      readonly changed: boolean;
    }
  | { readonly event: "host-done"; readonly host: string; readonly ok: boolean };

export type Emit = (event: ProgressEvent) => void;

/**
 * A question as data: its words are the caller's facts, its `flag` (or environment variable) is what answers it
 * where nobody can be asked.
 */
export type Question =
  | {
      readonly kind: "consent";
      readonly host?: string;
      readonly question: string;
      readonly details?: readonly string[];
      readonly flag: string;
    }
  | { readonly kind: "secret"; readonly host?: string; readonly question: string; readonly flag: string }
  | { readonly kind: "text"; readonly host?: string; readonly question: string; readonly flag: string }
  | Choice<string>;

/** How a question looks: lines above it, the line that asks, and the mark of one that is answered. */
export interface PresentedQuestion {
  readonly above: readonly string[];
  readonly message: string;
  readonly mark?: string;
}

/** One of several, each a value for the program and a label for people. */
export interface Choice<Value extends string> {
  readonly kind: "choice";
  readonly host?: string;
  readonly question: string;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
  readonly flag: string;
}

/** Asks one question at a time. Without a terminal it throws MISSING_ANSWER, naming the flag. */
export interface Prompt {
  /** True when a person can be asked. */
  readonly interactive: boolean;
  consent(question: Extract<Question, { kind: "consent" }>): Promise<boolean>;
  /** Typed without echo. */
  secret(question: Extract<Question, { kind: "secret" }>): Promise<string>;
  /** Typed with echo (keyboard-interactive prompts may ask for it). */
  text(question: Extract<Question, { kind: "text" }>): Promise<string>;
}

/** Lets a person pick one, by the same rules as `Prompt`. */
export type Choose = <Value extends string>(question: Choice<Value>) => Promise<Value>;

export interface Clock {
  now(): Date;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Files of the user who runs regctl (settings, known_hosts, docker contexts). Paths are absolute. */
export interface Files {
  /** The bytes, or null when there is no such file. Other failures throw. */
  read(path: string): Promise<Buffer | null>;
  /** Names in a folder, or none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Replaces the whole file: temporary file beside it, fsync, rename, fsync of the folder. Follows a symlink,
   * keeps owner and mode; a new file gets `mode` (default 0o644) and missing folders 0o700. `durable: false` leaves
   * out fsync, for what can be found out again: a crash of the machine may leave it empty, nothing else can.
   */
  write(
    path: string,
    content: Buffer | string,
    options?: { mode?: number; durable?: boolean },
  ): Promise<void>;
  append(path: string, content: string, options?: { mode?: number }): Promise<void>;
  remove(path: string): Promise<void>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A started program. `exited` never rejects; a program that could not start gives code 127 and says why on stderr. */
export interface Child {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  kill(signal?: "SIGTERM" | "SIGKILL" | "SIGINT" | "SIGHUP"): void;
}

/**
 * Starts a program of this machine. The child sees this process's environment without any `REGCTL_*` variable
 * (they may hold passwords), plus `env`.
 */
export type Spawn = (argv: readonly string[], options?: { readonly env?: Environment }) => Child;

/** Starting a service in the background: this process stays until the other one has said that it is ready. */
import { posix } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Files } from "../ports.ts";

/** What a process in the background has said on standard output: up to a whole JSON document, or to its end. */
export interface Started {
  readonly pid: number;
  /** Null: it ended before it said anything whole. */
  readonly document: unknown;
}

/**
 * In a session of its own, so that it outlives the terminal, its standard error in a file. Its standard input is
 * `input`, then its end: what no argument, environment or file may hold. Ends it when `signal` is aborted before it
 * is ready.
 */
export type StartInBackground = (
  argv: readonly string[],
  options: { readonly logPath: string; readonly signal: AbortSignal; readonly input?: string },
) => Promise<Started>;

export interface DetachOptions {
  /** For people: `The registry`. */
  readonly what: string;
  /** Behind the program: `["serve", "--listen", …]`. */
  readonly args: readonly string[];
  readonly logPath: string;
  /** For its standard input. */
  readonly input?: string;
}

export interface DetachWorld {
  readonly files: Files;
  readonly signal: AbortSignal;
  /** How this program is started. */
  readonly program: readonly string[];
  startInBackground(): Promise<StartInBackground>;
}

const linesShown = 10;

/**
 * The document of the service, once it is ready.
 * @throws RegctlError START_FAILED
 */
export async function detach(options: DetachOptions, world: DetachWorld): Promise<object> {
  const { what, args, logPath } = options;
  const start = await world.startInBackground();
  const before = (await world.files.read(logPath))?.length ?? 0;
  const argv = [...world.program, ...args, "--json"];
  const given = options.input === undefined ? {} : { input: options.input };
  const { document } = await start(argv, { logPath, signal: world.signal, ...given });
  if (typeof document === "object" && document !== null && !("error" in document)) return document;
  const said = messageOf(document);
  const log = said === null ? await readLog(logPath, before, world.files) : [said];
  throw new RegctlError("START_FAILED", { what, log });
}

function messageOf(document: unknown): string | null {
  if (typeof document !== "object" || document === null || !("error" in document)) return null;
  const { error } = document;
  if (typeof error !== "object" || error === null || !("message" in error)) return null;
  return String(error.message);
}

/** The last lines that this start has written. */
async function readLog(path: string, from: number, files: Files): Promise<readonly string[]> {
  const text = (await files.read(path))?.subarray(from).toString("utf8") ?? "";
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.length === 0 ? [`nothing; its log is ${posix.normalize(path)}`] : lines.slice(-linesShown);
}

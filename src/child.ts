import type { Duplex, Readable } from "node:stream";
import { JoinedStream } from "./joined-stream.ts";
import type { Child, CommandOptions, CommandResult } from "./ports.ts";

/** The failures of a command that only its caller can name. */
export interface ChildFailures {
  timeout(seconds: number): Error;
  /** A non-zero end of a command whose output is a stream; null when that is no failure. */
  ended(code: number | null, stderr: Buffer): Error | null;
}

const stderrKept = 64 * 1024;

/**
 * Feeds a started program and collects what it writes until it has ended *and* closed its outputs: a program that
 * leaves a daemon behind must redirect that daemon's output, as over SSH.
 */
export async function collectChild(
  child: Child,
  options: CommandOptions,
  failures: Pick<ChildFailures, "timeout">,
): Promise<CommandResult> {
  const { timeoutMs, signal } = options;
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    stopped.reject(reason);
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const onAbort = (): void => stop(signal?.reason);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop(failures.timeout(timeoutMs / 1000)), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  child.stdin.on("error", ignore);
  child.stdin.end(options.input ?? "");
  try {
    const finished = Promise.all([child.exited, collect(child.stdout), collect(child.stderr)]);
    const [{ code }, stdout, stderr] = await Promise.race([finished, stopped.promise]);
    return { code, stdout, stderr };
  } finally {
    stopped.promise.catch(ignore);
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Standard input and output of a started program as one stream; it fails when the program does. */
export function joinChild(child: Child, failures: Pick<ChildFailures, "ended">): Duplex {
  const stderr = tail(child.stderr);
  return new JoinedStream({
    readable: child.stdout,
    writable: child.stdin,
    ending: async () => failures.ended((await child.exited).code, stderr()),
    release: () => {
      child.stdin.on("error", ignore);
      child.stdin.end();
      child.kill("SIGTERM");
    },
  });
}

/** Everything a stream gives, until it ends or is destroyed. */
function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    stream.once("error", ignore);
    stream.once("close", () => resolve(Buffer.concat(chunks)));
  });
}

/** Keeps the last part of a stream that nobody else reads. */
export function tail(stream: Readable): () => Buffer {
  let kept: Buffer = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-stderrKept);
  });
  stream.once("error", ignore);
  return () => kept;
}

function ignore(): void {}

/** Programs of this machine and of lab hosts, run to their end. */
import { spawn } from "node:child_process";

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Standard input, which is then closed. Empty when not given. */
  readonly input?: string | Buffer;
  /** Ended with SIGKILL after this long, so that a broken host cannot hang a test run. Default 120 s. */
  readonly timeoutMs?: number;
}

/** Runs a program and collects its output as UTF-8. A non-zero exit is a result; only a failed start rejects. */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("an empty command");
  const child = spawn(program, args, { stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 120_000);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program may exit without reading its input; that is its right and no failure of ours.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  try {
    const code = await promise;
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  } finally {
    clearTimeout(timer);
  }
}

/** Like `runCommand`, for steps that must succeed: gives stdout, throws with stderr otherwise. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options);
  if (code === 0) return stdout;
  throw new Error(
    `${argv.join(" ").slice(0, 300)}: exit ${code}\n${stderr.slice(-3000)}${stdout.slice(-1000)}`,
  );
}

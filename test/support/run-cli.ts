/** regctl as a user starts it: another process, with an environment that holds only what the test gives. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Another program than bin/run.js. */
  readonly program?: string;
  /** The process is killed after this, and the run rejects: a command that hangs is a failure. */
  readonly timeoutMs?: number;
}

/** The cache is the one that bin/run.js uses in a clone: other programs start as fast with it. */
const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  LANG: "C.UTF-8",
  NODE_COMPILE_CACHE: `${repository}/node_modules/.cache/regctl`,
};

/** Starts it and hands the process over; whoever starts it ends it. */
export function startCli(args: readonly string[], options: CliOptions = {}) {
  const program = options.program ?? `${repository}/bin/run.js`;
  return spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? repository,
    env: { ...environment, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs it to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = startCli(args, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 30_000);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (signal === "SIGKILL") throw new Error(`regctl ${args.join(" ")} did not end in time`);
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

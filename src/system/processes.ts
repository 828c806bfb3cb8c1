/** The only importer of execa: programs of this machine. */
import { Readable } from "node:stream";
import { execa } from "execa";
import type { Child, Spawn } from "../ports.ts";
import { childEnvironment } from "./child-environment.ts";

const running = new Set<number>();

/**
 * Starts a program in a process group of its own: Ctrl-C at the terminal reaches regctl alone, which then ends its
 * programs in order, and `kill` reaches what the program started as well.
 */
export const spawn: Spawn = (argv, options = {}) => {
  const [file = "", ...rest] = argv;
  const subprocess = execa(file, rest, {
    stdio: "pipe",
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    extendEnv: false,
    env: childEnvironment(process.env, options.env ?? {}),
    encoding: "buffer",
  });
  const { pid, stdin, stdout, stderr } = subprocess;
  stdin.on("error", () => {});
  if (pid === undefined) return unstarted(subprocess, stdin, stdout);
  remember(pid);
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    subprocess.nodeChildProcess.once("exit", (code, signal) => {
      running.delete(pid);
      resolve({ code, signal });
    });
  });
  return { pid, stdin, stdout, stderr, exited, kill: (signal = "SIGTERM") => killGroup(pid, signal) };
};

interface Failure {
  readonly originalMessage?: string | undefined;
}

/** A program that could not start, told as a shell tells it: code 127 and the reason on stderr. */
function unstarted(result: PromiseLike<Failure>, stdin: Child["stdin"], stdout: Child["stdout"]): Child {
  const reason = Promise.resolve(result).then(({ originalMessage = "cannot start" }) => originalMessage);
  const stderr = Readable.from(
    (async function* () {
      yield Buffer.from(`${await reason}\n`);
    })(),
    { objectMode: false },
  );
  return {
    pid: undefined,
    stdin,
    stdout,
    stderr,
    exited: reason.then(() => ({ code: 127, signal: null })),
    kill: () => {},
  };
}

function remember(pid: number): void {
  if (running.size === 0 && !process.listeners("exit").includes(endAll)) process.once("exit", endAll);
  running.add(pid);
}

function endAll(): void {
  for (const pid of running) killGroup(pid, "SIGTERM");
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended already.
  }
}

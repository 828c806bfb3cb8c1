/** Programs that share this process's terminal and streams, and its process group: the terminal is theirs to read. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { RunInFront } from "../tunnel/hold-for-command.ts";
import { childEnvironment } from "./child-environment.ts";

export const runInFront: RunInFront = (argv, env) => {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, { stdio: "inherit", env: childEnvironment(process.env, env) });
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
  }>();
  child.once("error", reject);
  child.once("exit", (code, signal) => resolve({ code, signal }));
  return { exited: promise, kill: (signal) => void child.kill(signal), numbers: constants.signals };
};

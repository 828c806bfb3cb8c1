/** Requests to a master connection through its control socket. */
import { readFile, rm } from "node:fs/promises";
import { collectChild } from "../../child.ts";
import type { Child, CommandResult, Spawn } from "../../ports.ts";

const requestTimeoutMs = 20_000;

export interface Control {
  readonly folder: string;
  /** Starts a command over there; `log` is where ssh itself (not the command) writes. */
  session(line: string): { readonly child: Child; readonly log: ClientLog };
  /** `ssh -O …`. A non-zero code is a result. */
  request(...argv: readonly string[]): Promise<CommandResult>;
  /** Returns once the server has answered something that was asked after everything asked before. */
  roundTrip(): Promise<void>;
}

/** What one ssh client wrote about itself. */
interface ClientLog {
  read(): Promise<string>;
  remove(): Promise<void>;
}

export function createControl(folder: string, spawn: Spawn): Control {
  let count = 0;
  const start = (log: string, ...argv: readonly string[]): Child => {
    const options = [
      `ControlPath=${folder}/c`,
      "ControlMaster=no",
      // Without its master a client would connect by itself, past everything that was verified.
      "ProxyCommand=exec false",
      "LogLevel=DEBUG2",
    ];
    const settings = options.flatMap((option) => ["-o", option]);
    // The host's own settings were the master's business; `via` is only a name that ssh wants to see.
    return spawn(["ssh", "-F", "none", ...settings, "-E", log, ...argv]);
  };
  const open = (...argv: readonly string[]): { child: Child; log: ClientLog } => {
    const path = `${folder}/log${++count}`;
    const read = (): Promise<string> => readFile(path, "utf8").catch(() => "");
    return { child: start(path, ...argv), log: { read, remove: () => rm(path, { force: true }) } };
  };
  const finish = async (...argv: readonly string[]): Promise<CommandResult> => {
    const { child, log } = open(...argv);
    const timeout = (seconds: number): Error => new Error(`ssh did not answer within ${seconds} s`);
    try {
      const result = await collectChild(child, { timeoutMs: requestTimeoutMs }, { timeout });
      return { ...result, stderr: Buffer.from(withoutDebug(await log.read())) };
    } finally {
      await log.remove();
    }
  };
  return {
    folder,
    session: (line) => open("-T", "via", "--", line),
    request: (...argv) => finish(...argv, "via"),
    roundTrip: async () => void (await finish("-T", "via", "--", "exit 0").catch(() => {})),
  };
}

/** How a client of a control socket ended, when its own exit code is 255. */
export type ClientEnd = "command" | "cut" | "refused";

export function parseClientEnd(log: string): ClientEnd {
  if (/Received exit status from master/.test(log)) return "command";
  return /session request failed|open failed/.test(log) ? "refused" : "cut";
}

function withoutDebug(log: string): string {
  return log
    .split("\n")
    .filter((line) => !/^(debug\d|OpenSSH_)/.test(line))
    .join("\n");
}

/** `regctl serve` as a process of its own over a folder of the test, that can be killed and started again. */
import { once } from "node:events";
import { type CliRun, runCli, startCli } from "./run-cli.ts";

export interface Served extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  readonly pid: number;
  /** What it said on standard error so far. */
  log(): string;
  /** Whether it still runs. */
  alive(): boolean;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ServedOptions {
  readonly home: string;
  readonly storage: string;
  readonly args?: readonly string[];
  /** Another program than bin/run.js. */
  readonly program?: string;
}

export async function startServed(options: ServedOptions): Promise<Served> {
  const { home, storage, args = [], program } = options;
  const argv = ["serve", "--listen", "127.0.0.1:0", "--storage", storage, "--log", "off", "--json", ...args];
  const child = startCli(argv, { env: { HOME: home }, ...(program === undefined ? {} : { program }) });
  let [said, told] = ["", ""];
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (told += chunk));
  const ended = once(child, "close");
  while (!said.endsWith("}\n") && child.exitCode === null)
    await Promise.race([once(child.stdout, "data"), ended]);
  if (child.exitCode !== null) throw new Error(`regctl serve ended: ${said}${told}`);
  const { url } = JSON.parse(said);
  const alive = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    if (alive()) child.kill("SIGKILL");
    await ended;
  };
  return {
    host: new URL(url).host,
    pid: child.pid ?? 0,
    log: () => told,
    alive,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** `serve verify` or another command over the same folder. */
export function runOver(
  { home, storage, program }: ServedOptions,
  ...args: readonly string[]
): Promise<CliRun> {
  return runCli(["serve", ...args, "--storage", storage, "--json"], {
    env: { HOME: home },
    timeoutMs: 120_000,
    ...(program === undefined ? {} : { program }),
  });
}

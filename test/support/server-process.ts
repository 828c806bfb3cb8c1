/** Other people's servers as processes of a test: a free port, started, asked until they answer, ended by pid. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerProcess extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  readonly url: string;
  readonly pid: number;
  /** Everything that it said so far. */
  log(): string;
}

export interface ServerProcessOptions {
  /** Program and arguments for a port of 127.0.0.1. */
  readonly argv: (port: number) => Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
  /** Any answer there says that it is up. */
  readonly path: string;
  readonly tls?: boolean;
}

/** These servers cannot tell which port they got when they are given 0: it may be gone by the time they want it. */
const mostAttempts = 5;

export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findPort();
    const started = await start(options, port);
    if (typeof started !== "string") return started;
    if (attempt === mostAttempts || !/address already in use/i.test(started)) {
      throw new Error(`the server did not start: ${started.slice(-2000)}`);
    }
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What it said, when it ended or stayed silent. */
async function start(options: ServerProcessOptions, port: number): Promise<ServerProcess | string> {
  const [program = "", ...args] = await options.argv(port);
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const ended = once(child, "close").catch((error: unknown) => (said += String(error)));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const host = `127.0.0.1:${port}`;
  const url = `${options.tls === true ? "https" : "http"}://${host}`;
  for (let attempt = 0; attempt < 300 && child.exitCode === null && child.pid !== undefined; attempt += 1) {
    if (await answers(`${url}${options.path}`)) {
      return { host, url, pid: child.pid, log: () => said, [Symbol.asyncDispose]: stop };
    }
    await sleep(30);
  }
  await stop();
  return said;
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answered = (response: { resume(): void }) => {
      response.resume();
      resolve(true);
    };
    const options = { rejectUnauthorized: false, agent: false };
    const request = url.startsWith("https:")
      ? getSecure(url, options, answered)
      : getPlain(url, options, answered);
    request.on("error", () => resolve(false));
  });
}

/**
 * A person with regctl, an SSH server in this process and a registry behind it: nothing of this machine's user, every
 * port from the kernel. The tunnels that are left running are stopped at the end.
 */
import type { ChildProcess } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type CliRun, startCli } from "./run-cli.ts";
import { makeKey, type SshServerOptions, startSshServer, type TestSshServer } from "./ssh-server.ts";
import { openCli, type TestCli } from "./test-cli.ts";

/** ssh looks for its files in the home of the account, whatever HOME says; a later -F still wins. */
const sshScript = '#!/bin/sh\nexec /usr/bin/ssh -F "$HOME/.ssh/config" "$@"\n';

export interface TunnelPerson extends TestCli {
  readonly env: Readonly<Record<string, string>>;
  readonly server: TestSshServer;
  /** As it is typed: `tester@127.0.0.1:PORT`. */
  readonly spec: string;
  /** In the foreground; the caller ends it. */
  start(args: readonly string[]): ReturnType<typeof startCli>;
}

export interface PersonOptions {
  readonly server?: SshServerOptions;
  /** Whether the key that the server knows is there; true when left out. */
  readonly key?: boolean;
  /** Whether the server's host key is known; true when left out. */
  readonly known?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openTunnelPerson(options: PersonOptions = {}): Promise<TunnelPerson> {
  const key = makeKey();
  const server = await startSshServer({ publicKeys: [key.public], ...options.server });
  const extra: Record<string, string> = { ...options.env };
  const cli = await openCli(extra);
  extra.PATH = `${cli.home}/bin:${process.env.PATH}`;
  // Folders of OpenSSH's connections are made here, where no other test looks.
  extra.XDG_RUNTIME_DIR = cli.home;
  await mkdir(`${cli.home}/.ssh`, { mode: 0o700 });
  await mkdir(`${cli.home}/bin`);
  await writeFile(`${cli.home}/bin/ssh`, sshScript);
  await chmod(`${cli.home}/bin/ssh`, 0o755);
  await writeFile(`${cli.home}/.ssh/known_hosts`, options.known === false ? "" : server.knownHosts);
  if (options.key !== false) await writeFile(`${cli.home}/.ssh/id`, key.private, { mode: 0o600 });
  await writeFile(`${cli.home}/.ssh/config`, configOf(cli.home), { mode: 0o600 });
  const env = { HOME: cli.home, DOCKER_HOST: `unix://${cli.home}/none.sock`, ...extra };
  return {
    ...cli,
    env,
    server,
    spec: `tester@127.0.0.1:${server.port}`,
    start: (args) => startCli(args, { env, cwd: cli.home }),
    [Symbol.asyncDispose]: async () => {
      await cli.run(["tunnel", "stop", "--all", "--progress", "none"]);
      await server.close();
      await cli[Symbol.asyncDispose]();
    },
  };
}

function configOf(home: string): string {
  return `Host *
  UserKnownHostsFile ${home}/.ssh/known_hosts
  GlobalKnownHostsFile none
  IdentityAgent none
  IdentityFile ${home}/.ssh/id
`;
}

export interface Foreground {
  readonly child: ChildProcess;
  readonly document: Readonly<Record<string, unknown>>;
  readonly code: Promise<number | null>;
  /** What stands on standard output by now. */
  printed(): string;
  /** What stands on standard error, once this is in it. */
  told(text: RegExp): Promise<string>;
}

/** Starts it with `--json` among its words, and waits for its document. */
export async function inFront(person: TunnelPerson, args: readonly string[]): Promise<Foreground> {
  const child = person.start(args);
  let [said, told] = ["", ""];
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (told += chunk));
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  await until(
    "it is up",
    () => said.endsWith("}\n") || child.exitCode !== null,
    () => told,
  );
  if (child.exitCode !== null) throw new Error(`it ended: ${said}${told}`);
  return {
    child,
    document: JSON.parse(said),
    code,
    printed: () => said,
    told: async (text) => {
      await until(
        String(text),
        () => text.test(told),
        () => told,
      );
      return told;
    },
  };
}

const patienceMs = 45_000;

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seen: () => string = () => "",
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}\n${seen()}`);
    await sleep(20);
  }
}

/** Nobody listens there. A port that the kernel gave and took back may be another test's a moment later. */
export const closedPort = 1;

/** Exit and error code of a run with `--json`. */
export function errorOf({ code, stdout }: CliRun): readonly [number | null, unknown] {
  return [code, JSON.parse(stdout).error?.code];
}

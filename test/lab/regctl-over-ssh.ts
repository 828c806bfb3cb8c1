/**
 * This checkout's regctl, run on this machine against lab hosts by a person with a home folder of their own: known
 * hosts, a key and an SSH configuration that say how the lab hosts are reached, and nothing of the real home.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import type { HostStatus, StatusOutcome } from "../../src/platform/host-status.ts";
import type { ErrorOutcome, HostOutcome, SetupOutcome } from "../../src/platform/outcome.ts";
import type { Finished } from "./command.ts";
import type { LabHost } from "./lab.ts";

const program = resolve(import.meta.dirname, "../../bin/run.js");

/** ssh looks for its files in the home of the account, whatever HOME says; a later -F still wins. */
const sshScript = '#!/bin/sh\nexec /usr/bin/ssh -F "$HOME/.ssh/config" "$@"\n';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the pid of regctl. */
  readonly onStart?: (pid: number) => void;
}

export interface Person {
  readonly home: string;
  readonly knownHosts: string;
  /** Lines for the person's ssh configuration; they stand before all others and so win. */
  configure(lines: string): Promise<void>;
  /** Runs regctl without a terminal. */
  regctl(args: readonly string[], options?: RunOptions): Promise<Finished>;
  leave(): Promise<void>;
}

/** A person who knows these hosts by name and by address, and logs in as root where no user is named. */
export async function openPerson(...hosts: readonly LabHost[]): Promise<Person> {
  const home = await mkdtemp(`${tmpdir()}/regctl-lab-home-`);
  const knownHosts = `${home}/.ssh/known_hosts`;
  const config = `${home}/.ssh/config`;
  await mkdir(`${home}/.ssh`, { mode: 0o700 });
  await mkdir(`${home}/bin`);
  await writeFile(`${home}/bin/ssh`, sshScript, { mode: 0o755 });
  for (const host of hosts) await appendFile(knownHosts, await readFile(host.knownHosts));
  await writeFile(config, renderConfig(hosts, knownHosts), { mode: 0o600 });
  return {
    home,
    knownHosts,
    configure: async (lines) => writeFile(config, `${lines}\n${await readFile(config, "utf8")}`),
    regctl: (args, options = {}) => run(home, args, options),
    leave: () => rm(home, { recursive: true, force: true }),
  };
}

function renderConfig(hosts: readonly LabHost[], knownHosts: string): string {
  const names = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`);
  const keys = [...new Set(hosts.map(({ keyFile }) => `  IdentityFile ${keyFile}\n`))];
  const all = ["User root", "IdentitiesOnly yes", "IdentityAgent none", `UserKnownHostsFile ${knownHosts}`];
  return `${names.join("")}Host *\n${keys.join("")}${all.map((line) => `  ${line}\n`).join("")}`;
}

async function run(home: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const env = { HOME: home, PATH: `${home}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, LANG: "C.UTF-8" };
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  try {
    const code = await new Promise<number | null>((done, failed) =>
      child.once("close", done).once("error", failed),
    );
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  } finally {
    clearTimeout(timer);
  }
}

/** The document of `setup insecure` or `setup undo`, which must have ended with this code. */
export function setupOf(finished: Finished, code = 0): SetupOutcome {
  return documentOf(finished, code);
}

/** What a run did to its only host. */
export function hostOf(finished: Finished, code = 0): HostOutcome {
  const { hosts } = setupOf(finished, code);
  assert.equal(hosts.length, 1);
  return hosts[0] ?? assert.fail();
}

/** What `setup status` says of each host. */
export function statusesOf(finished: Finished, code = 0): readonly HostStatus[] {
  const { hosts }: StatusOutcome = documentOf(finished, code);
  return hosts;
}

/** What `setup status` says of its only host. */
export function statusOf(finished: Finished): HostStatus {
  const hosts = statusesOf(finished);
  assert.equal(hosts.length, 1);
  return hosts[0] ?? assert.fail();
}

/** The error that ended a run. */
export function errorOf(finished: Finished, code: number): ErrorOutcome {
  const { error }: { error: ErrorOutcome } = documentOf(finished, code);
  return error;
}

function documentOf<Document>({ code, stdout, stderr }: Finished, expected: number): Document {
  assert.equal(code, expected, `exit ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

/**
 * A machine that nobody has used, as far as a program can see: a base root of the lab with nothing in its homes, without
 * an engine that runs, without a terminal, in the C locale. It shares the network of this machine, or has only loopback.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { openBaseRoot } from "./base-root.ts";
import { type Finished, type RunOptions, runCommand } from "./command.ts";

export interface Placed {
  /** `layered`: what is written there goes elsewhere, and its top folder is the owner's. */
  readonly how: "seen" | "layered" | "copied";
  readonly from: string;
  readonly to: string;
  /** Default root. */
  readonly owner?: string;
}

export interface CleanRootOptions {
  /** `machine`: this machine's own, for package registries. */
  readonly network: "loopback" | "machine";
  readonly placed: readonly Placed[];
  /** Besides HOME, USER, LOGNAME, SHELL, PATH, LANG=C and COLUMNS=80. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface LineOptions extends RunOptions {
  /** Default the home of the user. */
  readonly cwd?: string;
}

export interface CleanRoot extends AsyncDisposable {
  /** A line as this user types it into sh, without a terminal. What it leaves in the background goes on. */
  type(user: CleanUser, line: string, options?: LineOptions): Promise<Finished>;
}

/** `nosudo` is an ordinary user: no group, no rights. */
export type CleanUser = "root" | "nosudo";

export const homes: Readonly<Record<CleanUser, string>> = { root: "/root", nosudo: "/home/nosudo" };

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export async function openCleanRoot({ network, placed, env = {} }: CleanRootOptions): Promise<CleanRoot> {
  const base = await openBaseRoot("systemd");
  const space = await mkdtemp(`${tmpdir()}/regctl-clean-`);
  const apart = ["-m", "-p", "-f", "--kill-child", "-i", "-u", "--propagation", "private"];
  const words = placed.flatMap(({ how, from, to, owner = "root" }) => [how, from, to, owner]);
  const script = `${import.meta.dirname}/clean-root.sh`;
  const args = [...apart, ...(network === "loopback" ? ["-n"] : []), "sh", script, space, base, ...words];
  const child = spawn("unshare", args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const close = async () => {
    child.stdin.end();
    await ended;
    await rmdir(space);
  };
  let pid: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    [, pid] = /^ready (\d+)$/.exec(line) ?? [];
    break;
  }
  if (pid === undefined) {
    await close();
    throw new Error("a clean root could not be made");
  }
  const enter = ["nsenter", "-t", pid, "-m", "-p", "-i", "-u", "-n", "-r", "-w", "--", "/usr/bin/env", "-i"];
  return {
    type: (user, line, { cwd, ...options } = {}) => {
      const own = { HOME: homes[user], USER: user, LOGNAME: user, SHELL: "/bin/bash", PATH: systemPath };
      const variables = { ...own, LANG: "C", COLUMNS: "80", ...env };
      const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const become = user === "root" ? [] : ["/sbin/runuser", "-u", user, "--"];
      const shell = ["sh", "-c", 'cd "$1" || exit; eval "$2"', "sh", cwd ?? homes[user], line];
      return runCommand([...enter, ...assignments, ...become, "setsid", "--wait", ...shell], options);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Programs inside a lab host: in all its namespaces, its cgroup and, on demand, as one of its users. */
import { readFileSync } from "node:fs";
import type { Hierarchy } from "./cgroups.ts";
import { type Finished, type RunOptions, runCommand } from "./command.ts";

export interface InsideOptions extends RunOptions {
  /** A user name of the host. Default root. */
  readonly user?: string;
  /** Added to HOME, USER, LOGNAME, PATH and LANG; nothing of this process's environment is seen. */
  readonly env?: Readonly<Record<string, string>>;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** $1 is the words of cgroup files, the rest is the command. Only then is a started daemon one of the host's own. */
const enterScript = 'for file in $1; do echo 0 >"$file"; done; shift; exec "$@"';

/** Where a host lives: its first process here, its cgroup, and the hierarchies that it sees. */
interface Place {
  readonly initPid: number;
  readonly cgroup: string;
  readonly hierarchies: readonly Hierarchy[];
}

export function runInside(
  { initPid, cgroup, hierarchies }: Place,
  argv: readonly string[],
  options: InsideOptions = {},
): Promise<Finished> {
  const user = options.user ?? "root";
  const home = readHome(initPid, user);
  const variables = { HOME: home, USER: user, LOGNAME: user, PATH: path, LANG: "C.UTF-8", ...options.env };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const become = user === "root" ? [] : ["/sbin/runuser", "-u", user, "--"];
  const enter = ["nsenter", "-t", String(initPid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--"];
  const inHome = ["/bin/sh", "-c", 'cd "$HOME"; exec "$@"', "lab"];
  return runCommand(
    [
      ...["sh", "-euc", enterScript, "lab", cgroupFiles(cgroup, hierarchies).join(" ")],
      ...enter,
      ...["/usr/bin/env", "-i", ...assignments, ...become, ...inHome],
      ...argv,
    ],
    options,
  );
}

function cgroupFiles(cgroup: string, hierarchies: readonly Hierarchy[]): readonly string[] {
  return hierarchies.map(({ version, mountpoint }) => {
    const leaf = version === 2 ? "host/init.scope" : "host";
    return `${mountpoint}/${cgroup}/${leaf}/cgroup.procs`;
  });
}

function readHome(initPid: number, user: string): string {
  const passwd = readFileSync(`/proc/${initPid}/root/etc/passwd`, "utf8").split("\n");
  const home = passwd.map((line) => line.split(":")).find(([name]) => name === user)?.[5];
  if (home === undefined) throw new Error(`the lab host has no user ${user}`);
  return home;
}

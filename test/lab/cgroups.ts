/** Each host lives in one cgroup per hierarchy of this machine, which is also how its processes are found. */
import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Hierarchy {
  readonly version: 1 | 2;
  /** What to mount inside a host to see the same hierarchy: `cpu,cpuacct`, `none,name=systemd`; `-` for version 2. */
  readonly options: string;
  readonly mountpoint: string;
}

/** Mount options that say nothing about which hierarchy it is. */
const generalOption =
  /^(rw|ro|relatime|noatime|nosuid|nodev|noexec|xattr|clone_children|nsdelegate|release_agent=.*)$/;

/**
 * The hierarchies of this machine; version 2 comes last and has no others before it on a modern one. All are given
 * to every host: systemd mounts a missing one by itself, and would then share its groups with the other hosts.
 * `mounts` is the text of /proc/self/mounts.
 */
function parseHierarchies(mounts: string): readonly Hierarchy[] {
  const all = mounts.split("\n").map((line) => line.split(" "));
  const old = all.filter(([, , type]) => type === "cgroup");
  const unified = all.filter(([, , type]) => type === "cgroup2").slice(0, 1);
  return [
    ...old.map(([, mountpoint = "", , options = ""]): Hierarchy => {
      const chosen = options.split(",").filter((option) => !generalOption.test(option));
      const named = chosen.some((option) => option.startsWith("name="));
      return { version: 1, options: (named ? ["none", ...chosen] : chosen).join(","), mountpoint };
    }),
    ...unified.map(([, mountpoint = ""]): Hierarchy => ({ version: 2, options: "-", mountpoint })),
  ];
}

export function readHierarchies(which: "all" | "unified" = "all"): readonly Hierarchy[] {
  const all = parseHierarchies(readFileSync("/proc/self/mounts", "utf8"));
  return which === "all" ? all : all.filter(({ version }) => version === 2);
}

/** All processes in a cgroup of one hierarchy and below, by their pids here. None when it does not exist. */
function readMembers(folder: string): readonly number[] {
  try {
    const own = readFileSync(`${folder}/cgroup.procs`, "utf8").split("\n").filter(Boolean).map(Number);
    return [...own, ...foldersIn(folder).flatMap(readMembers)];
  } catch {
    return [];
  }
}

function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${folder}/${entry.name}`);
}

export function readProcesses(cgroup: string): readonly number[] {
  const pids = readHierarchies().flatMap(({ mountpoint }) => readMembers(`${mountpoint}/${cgroup}`));
  return [...new Set(pids)];
}

/** Ends every process of the cgroup and takes the cgroup away, in every hierarchy. Throws after 10 s. */
export async function removeCgroup(cgroup: string): Promise<void> {
  const folders = readHierarchies().map(({ mountpoint }) => `${mountpoint}/${cgroup}`);
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const pid of readProcesses(cgroup)) endProcess(pid);
    if (folders.map(removeTree).every(Boolean)) {
      // The folder common to all hosts goes with the last one.
      folders.map(dirname).forEach(removeEmpty);
      return;
    }
    await sleep(50);
  }
  throw new Error(`cgroup ${cgroup} still holds processes ${readProcesses(cgroup).join(", ")}`);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Other hosts live in it.
  }
}

/** True when the folder is gone. A cgroup with processes, also dying ones, cannot be removed yet. */
function removeTree(folder: string): boolean {
  try {
    for (const inner of foldersIn(folder)) removeTree(inner);
    rmdirSync(folder);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}

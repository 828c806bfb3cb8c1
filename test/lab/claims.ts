/**
 * Which hosts exist on this machine and who owns them. A claim is a folder `hosts/N` with `owner.json`; N also
 * gives the host its addresses, its interface name and its cgroup. Mounts, processes and the inside of the
 * network belong to the host's own namespaces and end with it; what can stay behind is named here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { removeCgroup } from "./cgroups.ts";
import { removeCable } from "./network.ts";

export interface Claim {
  /** 0–16383. */
  readonly number: number;
  readonly folder: string;
  readonly cgroup: string;
  /** The base root that the host was started from. */
  readonly base: string;
}

interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: together with the pid it names one process for ever. */
  readonly startTime: string;
  readonly base: string;
}

const claimable = 16_384;

function stateFolder(): string {
  return process.env.REGCTL_LAB_STATE ?? "/run/regctl-lab";
}

function hostsFolder(): string {
  return `${stateFolder()}/hosts`;
}

/** Takes a free number for this process. */
export async function openClaim(base: string): Promise<Claim> {
  const draft = await openDraft();
  const owner: Owner = { pid: process.pid, startTime: readStartTime(process.pid) ?? "", base };
  await writeFile(`${draft}/owner.json`, JSON.stringify(owner));
  const first = Math.floor(Math.random() * claimable);
  for (let step = 0; step < claimable; step++) {
    const claim = claimOf((first + step) % claimable, base);
    if (await movedTo(draft, claim.folder)) return claim;
  }
  throw new Error(`no free host number below ${hostsFolder()}`);
}

/** A folder beside the claims. Another process may just be removing their common folder as the last one out. */
async function openDraft(): Promise<string> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await mkdir(hostsFolder(), { recursive: true });
      return await mkdtemp(`${hostsFolder()}/draft-`);
    } catch (error) {
      ignoreMissing(error);
    }
  }
  throw new Error(`cannot keep a folder in ${hostsFolder()}`);
}

function claimOf(number: number, base: string): Claim {
  return { number, base, folder: `${hostsFolder()}/${number}`, cgroup: `regctl-lab/${number}` };
}

/** Renaming onto a folder that is not empty fails, so a number is taken by one process only. */
async function movedTo(draft: string, folder: string): Promise<boolean> {
  try {
    await rename(draft, folder);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST"))
      return false;
    throw error;
  }
}

/** Ends what still lives of a host and forgets it. Safe to repeat. */
export async function closeClaim(claim: Claim): Promise<void> {
  await removeCgroup(claim.cgroup);
  await removeCable(claim.number, claim.base);
  // Moved first: as soon as files are missing from it, the number could be taken again.
  const gone = await openDraft();
  await rename(claim.folder, `${gone}/host`).catch(ignoreMissing);
  await rm(gone, { recursive: true, force: true });
  await rmdir(hostsFolder()).catch(() => undefined);
  await rmdir(stateFolder()).catch(() => undefined);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

/** Removes hosts whose owner is gone, or all of them. Gives the numbers that were removed. */
export async function removeLeftovers(which: "dead" | "all" = "dead"): Promise<readonly number[]> {
  if (!existsSync(hostsFolder())) return [];
  const names = readdirSync(hostsFolder()).filter((name) => /^\d+$/.test(name));
  const found = names.map((name) => {
    const owner = readOwner(name);
    const owned = owner !== null && readStartTime(owner.pid) === owner.startTime;
    return { claim: claimOf(Number(name), owner?.base ?? "/"), owned };
  });
  const removable = found.filter(({ owned }) => which === "all" || !owned).map(({ claim }) => claim);
  await Promise.all(removable.map(closeClaim));
  if (which === "all") await rm(stateFolder(), { recursive: true, force: true });
  return removable.map(({ number }) => number);
}

function readOwner(name: string): Owner | null {
  try {
    return JSON.parse(readFileSync(`${hostsFolder()}/${name}/owner.json`, "utf8"));
  } catch {
    return null;
  }
}

function readStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

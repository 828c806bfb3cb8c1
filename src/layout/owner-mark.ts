/**
 * Marks in the names of unfinished files that tell whether the process that writes them still lives. A file can be
 * taken over, or removed, only when its process is certainly gone: with two writers its content would be anything.
 */
import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** `PLACE-PID-START-NUMBER`: a boot of a machine and a process on it; the number tells one file from another. */
const markPattern = /^([0-9a-f]{12})-(\d+)-(\d+)-(\d+)$/;

let issued = 0;

/** Another one each time. */
export async function makeOwnerMark(): Promise<string> {
  issued += 1;
  const number = issued;
  return `${await readPlace()}-${process.pid}-${(await readStart(process.pid)) ?? 0}-${number}`;
}

/** False also when nobody can tell: for another machine, another boot, another container. */
export async function isOwnerGone(mark: string): Promise<boolean> {
  const [, place, pid = "", start] = markPattern.exec(mark) ?? [];
  if (place === undefined || place !== (await readPlace())) return false;
  if (!isAlive(Number(pid))) return true;
  // The number may belong to another process by now.
  const now = await readStart(Number(pid));
  return now !== null && now !== start;
}

/** Process numbers mean something within one boot of one kernel, in one namespace of it. */
async function readPlace(): Promise<string> {
  const facts = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => hostname()),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return createHash("sha256").update(facts.join("\n")).digest("hex").slice(0, 12);
}

/** In ticks since boot; null where the system does not tell. */
async function readStart(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Behind the name of the program, which may hold anything, come the third field and those after it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** A lock among processes of one user: a file that exists only while it is held. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** What is done under the lock takes milliseconds: an older one belongs to a process that was killed. */
const staleAfterMs = 10_000;
const giveUpAfterMs = 2 * staleAfterMs;
const retryMs = 25;

/**
 * Runs `action` while no other process runs one under the same `path`, whose folder is made when it is missing.
 * `stillHeld`, called right before a write, throws when this process slept so long that it lost the lock.
 * Throws LOCKED.
 */
export async function withLock<T>(
  path: string,
  clock: Clock,
  action: (stillHeld: () => Promise<void>) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const token = randomUUID();
  await acquire(path, token, clock);
  try {
    return await action(async () => {
      if (!(await holds(path, token))) throw locked(path);
    });
  } finally {
    if (await holds(path, token)) await rm(path, { force: true });
  }
}

async function acquire(path: string, token: string, clock: Clock): Promise<void> {
  const giveUpAt = clock.now().getTime() + giveUpAfterMs;
  while (!(await create(path, token))) {
    if (clock.now().getTime() > giveUpAt) throw locked(path);
    if (await isStale(path, clock)) await breakLock(path, clock);
    // Spread, so that many waiting processes do not meet again and again.
    await clock.sleep(retryMs * (0.5 + Math.random()));
  }
}

/** False when the file is already there: the kernel lets only one creator win. */
async function create(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function holds(path: string, token: string): Promise<boolean> {
  return (await orNull(readFile(path, "utf8"))) === token;
}

async function isStale(path: string, clock: Clock): Promise<boolean> {
  const found = await orNull(stat(path));
  return found !== null && clock.now().getTime() - found.mtimeMs > staleAfterMs;
}

/** Two who both see a stale lock must not remove each other's new one: who breaks a lock holds a second one. */
async function breakLock(path: string, clock: Clock): Promise<void> {
  const breaking = `${path}.break`;
  if (await create(breaking, "")) {
    try {
      if (await isStale(path, clock)) await rm(path, { force: true });
    } finally {
      await rm(breaking, { force: true });
    }
  } else if (await isStale(breaking, clock)) {
    await rm(breaking, { force: true });
  }
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function locked(path: string): RegctlError {
  return new RegctlError("LOCKED", { host: "localhost", by: `another regctl, by the file ${path}` });
}

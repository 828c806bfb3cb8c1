/** A lab host as its administrator sees it while regctl is being broken: files, engine, containers, lock. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname } from "node:path";
import type { JournalEntry } from "../../src/platform/journal.ts";
import { eventually, must } from "./conduct.ts";
import type { LabHost } from "./lab.ts";

export const daemonJson = "/etc/docker/daemon.json";
export const defaultFile = "/etc/default/docker";
export const stateFolder = "/var/lib/regctl";

/** The bytes of a file as text, null when there is none. */
export function readText(host: LabHost, path: string): string | null {
  return orNull(() => readFileSync(`${host.root}${path}`, "utf8"));
}

/** What changes when anybody writes, replaces or touches a file. */
export function fingerprint(host: LabHost, path: string): string {
  const stat = orNull(() => statSync(`${host.root}${path}`, { bigint: true }));
  return stat === null
    ? "absent"
    : `${stat.ino} ${stat.mtimeNs} ${stat.mode} ${stat.uid} ${readText(host, path)}`;
}

export async function writeText(host: LabHost, path: string, text: string | null): Promise<void> {
  await mkdir(dirname(`${host.root}${path}`), { recursive: true });
  if (text === null) await rm(`${host.root}${path}`, { force: true });
  else await writeFile(`${host.root}${path}`, text);
}

/** What our own scripts would leave behind if they left anything: temporary files of every kind. */
export function strays(host: LabHost, ...files: readonly string[]): readonly string[] {
  const folders = [...files.map(dirname), stateFolder, `${stateFolder}/journal`, `${stateFolder}/backups`];
  return [...new Set(folders)].flatMap((folder) =>
    (orNull(() => readdirSync(`${host.root}${folder}`)) ?? []).filter((name) =>
      /\.regctl\.|\.part$|^lock\./.test(name),
    ),
  );
}

export function journalOf(host: LabHost): readonly JournalEntry[] {
  const names = orNull(() => readdirSync(`${host.root}${stateFolder}/journal`)) ?? [];
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readText(host, `${stateFolder}/journal/${name}`) ?? ""));
}

export function isLocked(host: LabHost): boolean {
  return orNull(() => readlinkSync(`${host.root}${stateFolder}/lock`)) !== null;
}

export async function untilUnlocked(host: LabHost): Promise<void> {
  await eventually("the end of the lock", async () => !isLocked(host));
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

interface Info {
  readonly LiveRestoreEnabled: boolean;
  readonly RegistryConfig: { readonly IndexConfigs: Readonly<Record<string, unknown>> };
}

function ask<Answer>(host: LabHost, path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ socketPath: `${host.root}/run/docker.sock`, path, timeout: 5000 }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
  });
  asked.on("timeout", () => asked.destroy(new Error("the engine is silent")));
  asked.on("error", reject);
  asked.end();
  return promise;
}

/** What the running engine lists, without what it lists by itself. */
export async function listed(host: LabHost): Promise<readonly string[]> {
  const info = await ask<Info>(host, "/info");
  return Object.keys(info.RegistryConfig.IndexConfigs).filter((name) => name !== "docker.io");
}

export async function liveRestoreOf(host: LabHost): Promise<boolean> {
  return (await ask<Info>(host, "/info")).LiveRestoreEnabled;
}

/** Pid of a container's process as its host sees it; it is another one when the container was started again. */
export async function containerPid(host: LabHost, id: string): Promise<number> {
  const { State } = await ask<{ State: { Running: boolean; Pid: number } }>(host, `/containers/${id}/json`);
  assert.equal(State.Running, true, "the container runs");
  return State.Pid;
}

export async function enginePid(host: LabHost): Promise<string> {
  return (await must(host, "cat", "/run/docker.pid")).trim();
}

/** The administrator's own way, without regctl: a text, and the engine that has loaded it and lists `entries`. */
export async function loadText(host: LabHost, text: string, entries: readonly string[]): Promise<void> {
  // A reload does not forget what a text does not mention.
  for (const loaded of ['{"insecure-registries": []}', text]) {
    await writeText(host, daemonJson, loaded);
    await must(host, "sh", "-c", "kill -HUP $(cat /run/docker.pid)");
    const wanted = loaded === text ? entries : [];
    await eventually(`the engine with ${loaded}`, async () => String(await listed(host)) === String(wanted));
  }
}

const cutScript = `for p in /proc/[0-9]*; do
  case $(tr '\\0' ' ' <"$p/cmdline" 2>/dev/null) in "sshd: root@"*) kill -KILL "\${p#/proc/}" ;; esac
done`;

/** Ends the sshd process of every session of root, as a crash over there would. */
export async function cutSessions(host: LabHost): Promise<void> {
  await must(host, "sh", "-c", cutScript);
}

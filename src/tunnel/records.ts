/** What is remembered of tunnels that were: the port stands in the names of images, so it stays the same. */
import { posix } from "node:path";
import { withLock } from "../config/lock.ts";
import { type UserPaths, userPaths } from "../config/paths.ts";
import { RegctlError } from "../errors.ts";
import type { Clock, Environment, Files } from "../ports.ts";

export interface TunnelRecord {
  readonly server: string;
  /** As it is typed behind `--to`. */
  readonly to: string;
  readonly port: number;
}

/** By name. */
export type TunnelRecords = Readonly<Record<string, TunnelRecord>>;

export interface RecordsWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly clock: Clock;
}

const recordsPath = (paths: Pick<UserPaths, "state">): string => posix.join(paths.state, "tunnels.json");

/** Throws STATE_UNREADABLE. */
export async function readRecords(world: Omit<RecordsWorld, "clock">): Promise<TunnelRecords> {
  const path = recordsPath(userPaths(world.environment, world.home));
  const bytes = await world.files.read(path);
  return bytes === null ? {} : parseRecords(bytes.toString("utf8"), path);
}

/** Those that were changed by others meanwhile stay changed. */
export async function remember(name: string, record: TunnelRecord, world: RecordsWorld): Promise<void> {
  const path = recordsPath(userPaths(world.environment, world.home));
  await withLock(`${path}.lock`, world.clock, async (stillHeld) => {
    const records = await readRecords(world);
    const old = records[name];
    if (old?.server === record.server && old.to === record.to && old.port === record.port) return;
    await stillHeld();
    const text = `${JSON.stringify({ tunnels: { ...records, [name]: record } }, null, 2)}\n`;
    await world.files.write(path, text, { mode: 0o600 });
  });
}

function parseRecords(text: string, path: string): TunnelRecords {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RegctlError("STATE_UNREADABLE", { path, problem }, { cause: error });
  }
  const tunnels = isObject(value) && isObject(value.tunnels) ? value.tunnels : {};
  return Object.fromEntries(
    Object.entries(tunnels).flatMap(([name, record]) => {
      const read = readRecord(record);
      return read === null ? [] : [[name, read] as const];
    }),
  );
}

/** Null for what another version may have written. */
function readRecord(value: unknown): TunnelRecord | null {
  if (!isObject(value)) return null;
  const { server, to, port } = value;
  if (typeof server !== "string" || typeof to !== "string" || !isPort(port)) return null;
  return { server, to, port };
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= 65_535;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Servers that run on this machine: found, asked, stopped; and their storage worked on, by them or without them. */
import { RegctlError } from "../errors.ts";
import type { Choose } from "../ports.ts";
import type { ControlRequest, ControlSockets } from "../service/control.ts";
import { listServices, type RunningService, serviceId } from "../service/running.ts";
import type { ServiceWorld } from "../service/world.ts";
import type { DiskStorage } from "./disk/disk-storage.ts";
import {
  collectGarbage,
  type GarbageReport,
  type GcOptions,
  openKeptStorage,
  type StorageWorld,
  type VerifyReport,
  verifyStorage,
} from "./kept-storage.ts";
import type { ServeOutcome } from "./outcome.ts";

export interface RunningServersWorld extends ServiceWorld, StorageWorld {
  readonly signal: AbortSignal;
  controlSockets(): Promise<ControlSockets>;
}

const statusMs = 10_000;
/** A server may finish what is in flight. */
const stopMs = 45_000;
/** Between two lines of what it tells. */
const workMs = 10 * 60_000;

async function findServers(storage: string | null, world: ServiceWorld): Promise<readonly RunningService[]> {
  const services = await listServices("serve", world);
  return storage === null ? services : services.filter(({ id }) => id === serviceId(storage));
}

/** The answers of those who run, in the order they were found. */
async function askAll(
  request: ControlRequest,
  timeoutMs: number,
  storage: string | null,
  world: RunningServersWorld,
): Promise<readonly unknown[]> {
  const { signal, emit: tell } = world;
  const sockets = await world.controlSockets();
  const servers = await findServers(storage, world);
  const answers = await Promise.all(
    servers.map(({ socket }) => sockets.ask(socket, request, { signal, timeoutMs, tell })),
  );
  return answers.filter((answer) => answer !== null);
}

/** The first one's fields stand at the top as well: mostly there is one. */
export interface ServersOutcome extends ServeOutcome {
  readonly items: readonly ServeOutcome[];
}

/** @throws RegctlError NOT_RUNNING */
export async function readServerStatus(
  storage: string | null,
  world: RunningServersWorld,
): Promise<ServersOutcome> {
  return collect(await askAll({ ask: "status" }, statusMs, storage, world), storage);
}

export interface StopWish {
  /** Null where none is named. */
  readonly storage: string | null;
  readonly all: boolean;
}

export interface StopServersWorld extends RunningServersWorld {
  readonly choose: Choose;
}

/**
 * The one that is named, the only one, or the one that is chosen. Resolves when it has stopped, to how it was.
 * @throws RegctlError NOT_RUNNING, MISSING_ANSWER
 */
export async function stopServers(wish: StopWish, world: StopServersWorld): Promise<ServersOutcome> {
  const storage = wish.storage ?? (wish.all ? null : await chooseServer(world));
  return collect(await askAll({ ask: "stop" }, stopMs, storage, world), storage);
}

/** The storage of one of several; null where there is no choice. */
async function chooseServer(world: StopServersWorld): Promise<string | null> {
  const running = (await askAll({ ask: "status" }, statusMs, null, world)) as readonly ServeOutcome[];
  if (running.length < 2) return null;
  const choices = running.map(({ registry, storage }) => ({
    value: storage,
    label: `${registry}, kept in ${storage}`,
  }));
  return await world.choose({
    kind: "choice",
    question: "Several registry servers run; which one is to stop?",
    choices,
    flag: "--storage DIR or --all",
  });
}

/** The one that serves this storage, or null. */
export async function findServer(storage: string, world: RunningServersWorld): Promise<ServeOutcome | null> {
  const [answer] = await askAll({ ask: "status" }, statusMs, storage, world);
  return answer === undefined ? null : (answer as ServeOutcome);
}

function collect(answers: readonly unknown[], storage: string | null): ServersOutcome {
  // Both ends are this program.
  const items = answers as readonly ServeOutcome[];
  const [first] = items;
  if (first !== undefined) return { ...first, items };
  const what = storage === null ? "registry server" : `registry server for ${storage}`;
  throw new RegctlError("NOT_RUNNING", { what });
}

/** What was worked on. */
interface WithStorage {
  readonly storage: string;
}

export interface GcOutcome extends GarbageReport, WithStorage {
  readonly dryRun: boolean;
}

export interface VerifyOutcome extends VerifyReport, WithStorage {}

/** Which folder: the one that was named, else the usual one, or that of the only server that runs. */
export interface StorageChoice {
  readonly named: boolean;
  readonly path: string;
}

async function chooseStorage({ named, path }: StorageChoice, world: RunningServersWorld): Promise<string> {
  if (named || (await findServers(path, world)).length > 0) return path;
  const running = (await askAll({ ask: "status" }, statusMs, null, world)) as readonly ServeOutcome[];
  return running.length === 1 ? (running[0]?.storage ?? path) : path;
}

/** By the server of this storage when one runs, else by ourselves. */
export async function runGc(
  choice: StorageChoice,
  options: GcOptions,
  world: RunningServersWorld,
): Promise<GcOutcome> {
  const storage = await chooseStorage(choice, world);
  const [answer] = await askAll({ ask: "gc", ...options }, workMs, storage, world);
  const report =
    answer === undefined
      ? await withStorage(storage, world, (kept) => collectGarbage(kept, options, world))
      : (answer as GarbageReport);
  return { ...report, dryRun: options.dryRun, storage };
}

export async function runVerify(choice: StorageChoice, world: RunningServersWorld): Promise<VerifyOutcome> {
  const storage = await chooseStorage(choice, world);
  const [answer] = await askAll({ ask: "verify" }, workMs, storage, world);
  const report =
    answer === undefined
      ? await withStorage(storage, world, (kept) => verifyStorage(kept, world))
      : (answer as VerifyReport);
  return { ...report, storage };
}

async function withStorage<T>(
  path: string,
  world: RunningServersWorld,
  action: (storage: DiskStorage) => Promise<T>,
): Promise<T> {
  const storage = await openKeptStorage(path, { serving: false }, world);
  try {
    return await action(storage);
  } finally {
    await storage.close();
  }
}

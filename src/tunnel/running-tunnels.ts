/** Tunnels that run on this machine: found, asked, stopped; and what those that ended have left to read. */
import { type ErrorFacts, isRegctlError, RegctlError } from "../errors.ts";
import { findNearest } from "../explain/nearest.ts";
import { quoteLine } from "../explain/quote.ts";
import type { ControlRequest } from "../service/control.ts";
import { listServices, type RunningService, serviceId } from "../service/running.ts";
import { parseHostSpec } from "../ssh/host-spec.ts";
import { readRecords } from "./records.ts";
import { serverName } from "./request.ts";
import type { TunnelItem, TunnelOutcome } from "./tunnel-outcome.ts";
import { logPath } from "./tunnel-place.ts";
import type { TunnelWorld } from "./world.ts";

const statusMs = 10_000;
/** Connections under way are cut, not waited for. */
const stopMs = 20_000;

export async function listTunnels(world: TunnelWorld): Promise<TunnelOutcome> {
  const items = await askAll({ ask: "status" }, statusMs, world, { hanging: describeHanging(world) });
  return { items };
}

/** One that is there and does not answer: all that is known of it is its process, and mostly its name. */
function describeHanging(world: TunnelWorld) {
  return async ({ id, pid }: RunningService): Promise<TunnelItem> => {
    const records = Object.entries(await readRecords(world).catch(() => ({})));
    const [name, record] = records.find(([each]) => serviceId(each) === id) ?? [`process ${pid}`, null];
    const now = world.clock.now().toISOString();
    return {
      ...nothingKnown,
      name,
      server: record?.server ?? "",
      to: record?.to ?? "",
      pid,
      since: now,
      startedAt: now,
      problem: `its process does not answer; end it: kill -9 ${pid}`,
      log: logPath(name, world),
    };
  };
}

const nothingKnown = {
  registry: null,
  local: null,
  state: "failed",
  hanging: true,
  healthy: false,
  startedBy: "background",
  bytesUp: 0,
  bytesDown: 0,
  reconnects: 0,
  forwards: [],
  engine: null,
} as const;

/** `null` for the only one. Resolves when they have stopped, to how they were. @throws RegctlError NOT_RUNNING, USAGE */
export async function stopTunnels(
  wish: { readonly name: string | null; readonly all: boolean },
  world: TunnelWorld,
): Promise<TunnelOutcome> {
  if (wish.all) {
    const items = await askAll({ ask: "stop" }, stopMs, world);
    if (items.length > 0) return { items };
    throw notRunning();
  }
  const there = await askAll({ ask: "who" }, statusMs, world, { hanging: describeHanging(world) });
  const names = there.map(({ name }) => name);
  const name = wish.name === null ? onlyOf(names) : await meant(wish.name, names, "stop", world);
  const id = serviceId(name);
  const items = await askAll({ ask: "stop" }, stopMs, world, { fits: (service) => service.id === id });
  if (items.length > 0) return { items };
  throw notRunning({ name, near: names });
}

/** The one that leads to this server, or has this name. */
export async function findTunnel(typed: string, world: TunnelWorld): Promise<TunnelItem | null> {
  const items = await askAll({ ask: "who" }, statusMs, world);
  if (items.length === 0) return null;
  const server = await canonical(typed, world);
  const fits = (item: TunnelItem): boolean => item.name === typed || item.server === server;
  const ready = items.filter((item) => fits(item) && item.registry !== null);
  return ready.find(({ name }) => name === server) ?? ready[0] ?? null;
}

/** The one of exactly this name, also while it connects. */
export async function runningTunnel(name: string, world: TunnelWorld): Promise<TunnelItem | null> {
  const id = serviceId(name);
  const [item] = await askAll({ ask: "who" }, statusMs, world, { fits: (service) => service.id === id });
  return item ?? null;
}

/** What a tunnel may be called that somebody means by this: the word itself, or the server it leads to. */
export async function namesMeant(typed: string, world: TunnelWorld): Promise<readonly string[]> {
  const server = await canonical(typed, world);
  return server === null || server === typed ? [typed] : [typed, server];
}

/** Of one that runs or ran, by its name or its server; `action` is what would be done with it. @throws RegctlError NOT_RUNNING */
export async function nameOfTunnel(typed: string, action: string, world: TunnelWorld): Promise<string> {
  const running = (await askAll({ ask: "who" }, statusMs, world)).map(({ name }) => name);
  const known = [...new Set([...running, ...Object.keys(await readRecords(world))])];
  return await meant(typed, known, action, world);
}

interface AskedTunnels {
  /** All when left out. */
  readonly fits?: (service: RunningService) => boolean;
  /** What stands for one that does not answer; a warning alone when left out. */
  readonly hanging?: (service: RunningService) => Promise<TunnelItem>;
}

async function askAll(
  request: ControlRequest,
  timeoutMs: number,
  world: TunnelWorld,
  { fits = () => true, hanging }: AskedTunnels = {},
): Promise<readonly TunnelItem[]> {
  const { signal } = world;
  const services = (await listServices("tunnel", world)).filter(fits);
  if (services.length === 0) return [];
  const sockets = await world.controlSockets();
  const options = { signal, timeoutMs };
  const answers = await Promise.allSettled(
    services.map(({ socket }) => sockets.ask(socket, request, options)),
  );
  const items: TunnelItem[] = [];
  for (const [index, service] of services.entries()) {
    const answer = answers[index];
    if (answer?.status === "fulfilled") {
      // Both ends are this program.
      if (answer.value !== null) items.push(answer.value as TunnelItem);
      continue;
    }
    // What should stop has to; of the others one that hangs hides no other one.
    if (request.ask === "stop" || !isRegctlError(answer?.reason, "STATE_UNREADABLE")) throw answer?.reason;
    if (hanging !== undefined) items.push(await hanging(service));
    else world.emit({ event: "warning", warning: `the tunnel of process ${service.pid} does not answer` });
  }
  return items.sort((one, other) => one.startedAt.localeCompare(other.startedAt));
}

function onlyOf(names: readonly string[]): string {
  const [only] = names;
  if (only === undefined) throw notRunning();
  if (names.length === 1) return only;
  throw new RegctlError("USAGE", {
    problem: `several tunnels run: ${names.join(", ")}`,
    type: "regctl tunnel stop NAME, or regctl tunnel stop --all",
  });
}

/** The name itself, or a server's in a shorter form (`web` for `ann@web:22`). */
async function meant(
  typed: string,
  names: readonly string[],
  action: string,
  world: TunnelWorld,
): Promise<string> {
  if (names.includes(typed)) return typed;
  const server = await canonical(typed, world);
  if (server !== null && names.includes(server)) return server;
  const near = findNearest(typed, names) ?? (names.length === 1 ? names[0] : undefined);
  const type =
    near === undefined ? {} : { type: quoteLine(["regctl", "tunnel", ...action.split(" "), near]) };
  throw notRunning({ name: typed, near: names, ...type });
}

/** Null for what is no server. */
async function canonical(typed: string, world: TunnelWorld): Promise<string | null> {
  try {
    return serverName(await world.sshTarget(parseHostSpec(typed)));
  } catch (error) {
    if (isRegctlError(error, "USAGE")) return null;
    throw error;
  }
}

function notRunning(facts: Partial<ErrorFacts["NOT_RUNNING"]> = {}): RegctlError {
  const start = "regctl tunnel USER@SERVER --detach";
  return new RegctlError("NOT_RUNNING", { what: "tunnel", start, ...facts });
}

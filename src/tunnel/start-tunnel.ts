/** The second half: a port here, the forwards, and the proof that the registry answers through them. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { Destination } from "../ports.ts";
import { renderDestination } from "../ssh/connection.ts";
import { checkRegistry } from "./check-registry.ts";
import { choosePort, type PortFacts } from "./choose-port.ts";
import { type EngineSeen, seeEngine } from "./engine-seen.ts";
import { renderTo } from "./find-registry.ts";
import { openTunnel } from "./open-tunnel.ts";
import type { PreparedTunnel } from "./prepare-tunnel.ts";
import { type RecordsWorld, remember } from "./records.ts";
import { openAddresses, type TunnelRequest } from "./request.ts";
import type { Forward, RunningTunnel } from "./tunnel.ts";
import type { TunnelWorld } from "./world.ts";

export interface StartedTunnel {
  readonly name: string;
  readonly server: string;
  readonly to: string;
  /** As image names begin. */
  readonly registry: string;
  /** Where it listens for the registry. */
  readonly local: string;
  readonly forwards: readonly { readonly from: string; readonly to: string }[];
  readonly engine: EngineSeen;
  readonly tunnel: RunningTunnel;
}

const loopback = "127.0.0.1";
/** Somebody else may take a port between the look and the listening. */
const tries = 5;

/**
 * @throws RegctlError PORT_HELD, SSH_*, and whatever keeps the registry from answering; then nothing is left open
 */
export async function startTunnel(
  request: TunnelRequest,
  prepared: PreparedTunnel,
  world: TunnelWorld,
): Promise<StartedTunnel> {
  const started = await listen(request, prepared, world);
  try {
    world.emit({ event: "step", host: prepared.server, step: "ask the registry" });
    await checkRegistry(started.registry, request.trust, world);
    return started;
  } catch (error) {
    await started.tunnel.close();
    throw error;
  }
}

/** So that the next one has the same port. Where that cannot be written down, the tunnel is as good without it. */
export async function rememberTunnel(
  started: Pick<StartedTunnel, "name" | "server" | "to" | "registry">,
  world: RecordsWorld & Pick<TunnelWorld, "maySave" | "emit">,
): Promise<void> {
  const { name, server, to, registry } = started;
  if (!world.maySave().ok) return;
  try {
    await remember(name, { server, to, port: portOf(registry) }, world);
  } catch (error) {
    const why = explain(toRegctlError(error)).message;
    const warning = `the next tunnel may have another port: this one is not written down: ${why}`;
    world.emit({ event: "warning", host: server, warning });
  }
}

async function listen(
  request: TunnelRequest,
  prepared: PreparedTunnel,
  world: TunnelWorld,
): Promise<StartedTunnel> {
  const remembered = prepared.record?.port ?? null;
  const heldThere = new Set<number>();
  for (let left = tries; ; left -= 1) {
    const port = await choosePort(
      { exact: request.localPort, remembered },
      portFacts(request, heldThere, world),
    );
    try {
      const started = await open(request, prepared, port, world);
      await tellPort(started, request, remembered, world);
      return started;
    } catch (error) {
      if (isRegctlError(error, "PORT_HELD") && error.facts.host !== undefined) heldThere.add(port);
      const again = isRegctlError(error, "PORT_HELD") && request.localPort === null && left > 0;
      if (!again) throw withInstead(error);
    }
  }
}

const onceMs = 60_000;

/** Why a connection was not served: a client that asks again and again hears it once a minute, not each time. */
function tellSometimes(host: string, { emit, clock }: TunnelWorld): (error: RegctlError) => void {
  const told = new Map<string, number>();
  return (error) => {
    const { message } = explain(error);
    const now = clock.now().getTime();
    if (now - (told.get(message) ?? Number.NEGATIVE_INFINITY) < onceMs) return;
    told.set(message, now);
    emit({ event: "warning", host, warning: message });
  };
}

async function open(
  request: TunnelRequest,
  prepared: PreparedTunnel,
  port: number,
  world: TunnelWorld,
): Promise<StartedTunnel> {
  const own = planForwards(request, port, prepared.to);
  const { connect, landing } = prepared;
  const there = landing.forwards(port);
  const forwards = [...own, ...request.forwards, ...there];
  const { connectTimeoutMs } = world;
  const atEngine = landing.open === null ? {} : { openAtEngine: landing.open };
  const onProblem = tellSometimes(prepared.server, world);
  const tunnel = await openTunnel({ connect, forwards, connectTimeoutMs, onProblem, ...atEngine }, world);
  const at = tunnel.entrances.map((entrance) => entrance.at);
  const [main] = at;
  if (main === undefined || main.kind !== "tcp") throw new Error("a tunnel listens at a port");
  return {
    name: prepared.name,
    server: prepared.server,
    to: renderTo(prepared.to),
    registry: `localhost:${main.port}`,
    local: renderDestination(main),
    forwards: request.forwards.map(({ from, to }, index) => ({
      from: renderTo(at[own.length + index] ?? from),
      to: renderTo(to),
    })),
    engine: seeEngine(landing, there.length > 0 ? (at.at(-1) ?? null) : null, main.port),
    tunnel,
  };
}

/** Those to the registry, the first one where `localhost` leads. Pure. */
export function planForwards(
  { bind }: Pick<TunnelRequest, "bind">,
  port: number,
  to: Destination,
): readonly Forward[] {
  const everywhere = bind === "0.0.0.0" || bind === "::";
  const others = bind === null || everywhere || bind === loopback ? [] : [bind];
  if (others.length > 0 && port === 0) {
    const problem = "with --bind, one port is needed for both addresses";
    throw new RegctlError("USAGE", { problem, type: "--local-port 5000" });
  }
  const hosts = [everywhere ? bind : loopback, ...others];
  return hosts.map((host) => ({ from: { kind: "tcp", host, port }, side: "here", to }));
}

/** `localhost` may be ::1 as well: whoever listens there would be taken for the registry. */
export function portFacts(
  { bind }: TunnelRequest,
  heldThere: ReadonlySet<number>,
  world: TunnelWorld,
): PortFacts {
  const hosts = [loopback, "::1", ...(bind === null ? [] : [bind])];
  return {
    isFree: async (port) => {
      if (heldThere.has(port)) return false;
      for (const host of hosts) if (!(await world.isPortFree(port, host))) return false;
      return true;
    },
    holderOf: (port) => world.portHolder(port),
  };
}

async function tellPort(
  { registry, server }: StartedTunnel,
  request: TunnelRequest,
  remembered: number | null,
  world: TunnelWorld,
): Promise<void> {
  const port = portOf(registry);
  if (request.localPort === null && remembered !== null && port !== remembered) {
    const by = (await world.portHolder(remembered)) ?? "somebody else";
    const warning = `port ${remembered}, which it had last time and which stands in the names of images, is held by ${by}: it is ${registry} now`;
    world.emit({ event: "warning", host: server, warning });
  }
  for (const address of openAddresses(request)) {
    const warning = `whoever reaches ${address} gets through this tunnel without a login of yours`;
    world.emit({ event: "warning", host: server, warning });
  }
}

function withInstead(error: unknown): unknown {
  if (!isRegctlError(error, "PORT_HELD") || error.facts.instead !== undefined) return error;
  const facts = { ...error.facts, instead: "--local-port 0" };
  return new RegctlError("PORT_HELD", facts, { cause: error });
}

function portOf(registry: string): number {
  return Number(/\d+$/.exec(registry)?.[0]);
}

/** What this host has to do with registries at the moment, in one look: for whoever types the program's name alone. */
import { usualRegistry } from "../access/which-registry.ts";
import type { AccessWorld } from "../access/world.ts";
import type { DefaultRegistry } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import { readSettings } from "../config/store.ts";
import { type EngineWorld, reachEngine } from "../engine/reach-engine.ts";
import { interruptible } from "../interruptible.ts";
import type { ControlSockets } from "../service/control.ts";
import { listServices, type ServiceKind } from "../service/running.ts";

export interface Overview {
  readonly registry: { readonly name: string; readonly from: DefaultRegistry["from"] } | null;
  /** Null where none answers in time. */
  readonly engine: {
    readonly address: string;
    readonly version: string;
    /** Registries whose certificates it does not verify, as it says itself. */
    readonly insecure: readonly string[];
  } | null;
  /** Where registries are served from this machine by regctl. */
  readonly servers: readonly string[];
  readonly tunnels: readonly { readonly name: string; readonly registry: string | null }[];
  readonly next: readonly { readonly about: string; readonly command: string }[];
}

export interface OverviewWorld extends AccessWorld, EngineWorld {
  controlSockets(): Promise<ControlSockets>;
}

/** A look must not become a wait. */
const engineMs = 2_000;
const serviceMs = 1_000;

export async function lookAround(world: OverviewWorld): Promise<Overview> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  const [found, engine, servers, tunnels] = await Promise.all([
    usualRegistry(settings, world),
    lookAtEngine(world),
    askServices("serve", "status", world),
    askServices("tunnel", "who", world),
  ]);
  const seen = {
    registry: found === null ? null : { name: found.registry, from: found.from },
    engine,
    servers: servers.flatMap(({ url }) => (typeof url === "string" ? [url] : [])),
    tunnels: tunnels.map(({ name, registry }) => ({
      name: String(name),
      registry: typeof registry === "string" ? registry : null,
    })),
  };
  return { ...seen, next: planNext(seen) };
}

async function lookAtEngine(world: OverviewWorld): Promise<Overview["engine"]> {
  const signal = AbortSignal.any([world.signal, AbortSignal.timeout(engineMs)]);
  try {
    return await interruptible(askEngine(world), signal);
  } catch {
    world.signal.throwIfAborted();
    return null;
  }
}

async function askEngine(world: OverviewWorld): Promise<Overview["engine"]> {
  const { engine, address, close } = await reachEngine(world);
  try {
    const { serverVersion, indexes } = await engine.info();
    const insecure = indexes.filter(({ secure }) => !secure).map(({ registry }) => registry);
    return { address, version: serverVersion, insecure };
  } finally {
    await close();
  }
}

async function askServices(
  kind: ServiceKind,
  ask: string,
  world: OverviewWorld,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const services = await listServices(kind, world);
  if (services.length === 0) return [];
  const sockets = await world.controlSockets();
  const { signal } = world;
  const answers = await Promise.all(
    services.map(({ socket }) =>
      sockets.ask(socket, { ask }, { signal, timeoutMs: serviceMs }).catch(() => null),
    ),
  );
  return answers.filter(
    (answer): answer is Record<string, unknown> => typeof answer === "object" && answer !== null,
  );
}

/** The first thing that is missing, and what one does with what is there. Pure. */
export function planNext({ registry, engine }: Pick<Overview, "registry" | "engine">): Overview["next"] {
  if (registry === null) {
    return [
      { about: "see it all once", command: "regctl quickstart" },
      { about: "set up what you have", command: "regctl init" },
    ];
  }
  const publish = engine === null ? "regctl publish FILE.tar NAME:TAG" : "regctl publish IMAGE NAME:TAG";
  return [
    { about: "bring an image there", command: publish },
    { about: "find one", command: "regctl search" },
    { about: "something is wrong", command: "regctl doctor" },
  ];
}

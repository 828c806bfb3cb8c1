import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import { certificatesOn, certsFolderOf } from "./certificates-on.ts";
import { placesOf } from "./cluster-nodes.ts";
import { dockerStatus } from "./docker-status.ts";
import { onEachHost } from "./each-host.ts";
import { engineToShow } from "./engines/choose.ts";
import type { EngineKind } from "./engines/engine-kind.ts";
import type { EngineStatus } from "./engines/engine-status.ts";
import { failedStatus, type HostStatus, type StatusOutcome } from "./host-status.ts";
import { type HostPlace, locateHosts, type Place } from "./locate.ts";
import { judgeRegistry } from "./registry-name.ts";
import { acquireRoot, type SudoPassword, sudoPasswordFrom } from "./rights.ts";
import { type HostSession, openSession } from "./session.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupStatusInput {
  readonly registry?: string | undefined;
  readonly on: readonly string[];
  readonly platform?: string | undefined;
  /** `--engine` */
  readonly engine?: string | undefined;
  readonly cwd: string;
}

/** Looks, and changes nothing. */
export async function setupStatus(input: SetupStatusInput, world: SetupWorld) {
  const wanted = input.registry === undefined ? null : judgeRegistry(input.registry).registry;
  const places = await placesOf(await locateHosts(input.on, input.cwd, world), input.engine);
  const password = sudoPasswordFrom(world.environment, world.prompt, places.length, world.emit);
  const { outcomes, exitCode } = await onEachHost(
    places,
    world,
    (place) => readStatus(place, wanted, { ...input, engine: place.engine ?? input.engine }, password, world),
    failedStatus,
  );
  const outcome: StatusOutcome = {
    hosts: outcomes,
    ...(outcomes.some((host) => host.error) ? { ok: false as const } : {}),
  };
  return { outcome, exitCode };
}

async function readStatus(
  hostPlace: HostPlace,
  wanted: string | null,
  named: Pick<SetupStatusInput, "platform" | "engine">,
  password: SudoPassword,
  world: SetupWorld,
): Promise<HostStatus> {
  world.emit({ event: "step", host: hostPlace.name, step: "look" });
  const place = await interruptible(hostPlace.open(), world.signal);
  try {
    const session = await openWidest(place, password, world);
    try {
      const engine = engineToShow(session.facts, named.engine);
      const status = await engine.status?.(session, wanted);
      if (status) return ofOtherEngine(session, engine, status);
      const trusted = await certificatesOn(session, wanted, certsFolderOf(session.facts, named.platform));
      return { ...dockerStatus(session.facts, wanted, named.platform), trusted, engineKind: engine.name };
    } finally {
      await session.close();
    }
  } finally {
    await place.close();
  }
}

/** An engine without a daemon of Docker's kind has no platform, no flags and no restart to be feared. */
function ofOtherEngine({ facts }: HostSession, { name, find }: EngineKind, status: EngineStatus): HostStatus {
  const { version, ...shown } = status;
  return {
    ...shown,
    host: facts.host,
    platform: name,
    engine: { name, version },
    engineKind: name,
    owner: "file",
    restartStops: null,
    evidence: find(facts) ?? ["--engine names it"],
  };
}

/** As root where the engine cannot be asked otherwise and root can be had; else what the login may see. */
async function openWidest(place: Place, password: SudoPassword, world: SetupWorld): Promise<HostSession> {
  const session = await interruptible(openSession(place.host, place.socket, world), world.signal);
  const { facts } = session;
  if (facts.engine || facts.rights !== "none" || !facts.socketExists) return session;
  try {
    const root = await acquireRoot(place.host, facts.user, password, []);
    await session.close();
    return await interruptible(openSession(place.host, place.socket, world, root), world.signal);
  } catch (error) {
    if (isRegctlError(error, "NO_RIGHTS")) return session;
    throw error;
  }
}

import { isRegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import { detectPlatform } from "./detect.ts";
import { onEachHost } from "./each-host.ts";
import { engineVersionOf } from "./facts.ts";
import { insecureRegistries } from "./formats/format.ts";
import { interruptible } from "./interruptible.ts";
import { type HostPlace, locateHosts } from "./locate.ts";
import type { EngineOutcome, ErrorOutcome } from "./outcome.ts";
import { findOwner, type ListOwner } from "./owner.ts";
import { judgeRegistry } from "./registry-name.ts";
import { type HostSession, openSession } from "./session.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupStatusInput {
  readonly registry?: string | undefined;
  readonly on: readonly string[];
  readonly platform?: string | undefined;
  readonly cwd: string;
}

export interface RegistryStatus {
  readonly registry: string;
  /** It stands in the file or the flags. */
  readonly configured: boolean;
  /** The running engine has it. */
  readonly effective: boolean;
}

export interface HostStatus {
  readonly host: string;
  readonly platform: string | null;
  readonly engine: EngineOutcome | null;
  readonly registries: readonly RegistryStatus[];
  readonly owner: "file" | "flags" | "none" | null;
  readonly path: string | null;
  /** Containers that a restart of the engine would stop. */
  readonly restartStops: number;
  readonly evidence: readonly string[];
  /** Why the configuration must not be touched, or the engine does not answer. */
  readonly problem: string | null;
  readonly error?: ErrorOutcome;
}

export interface StatusOutcome {
  readonly hosts: readonly HostStatus[];
  readonly ok?: false;
}

/** Networks that an engine lists without being told. */
const builtIn: ReadonlySet<string> = new Set(["127.0.0.0/8", "::1/128"]);

/** Looks, and changes nothing. */
export async function setupStatus(input: SetupStatusInput, world: SetupWorld) {
  const wanted = input.registry === undefined ? null : judgeRegistry(input.registry).registry;
  const places = await locateHosts(input.on, input.cwd, world);
  const { outcomes, exitCode } = await onEachHost(
    places,
    world,
    (place) => readStatus(place, wanted, input.platform, world),
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
  named: string | undefined,
  world: SetupWorld,
): Promise<HostStatus> {
  world.emit({ event: "step", host: hostPlace.name, step: "look" });
  const place = await interruptible(hostPlace.open(), world.signal);
  try {
    const session = await interruptible(openSession(place.host, place.socket, world), world.signal);
    try {
      return statusOf(session, wanted, named);
    } finally {
      await session.close();
    }
  } finally {
    await place.close();
  }
}

function statusOf({ facts }: HostSession, wanted: string | null, named: string | undefined): HostStatus {
  const { platform, evidence } = detectPlatform(facts, named);
  let owner: ListOwner | null = null;
  let problem = facts.engine ? null : `the engine does not answer: ${facts.engineProblem}`;
  try {
    owner = platform.kind === "written" ? findOwner(facts, platform, insecureRegistries) : null;
  } catch (error) {
    if (!isRegctlError(error)) throw error;
    problem = explain(error).message;
  }
  const effective = facts.engine?.insecure ?? [];
  const told = [...(owner?.listed ?? []), ...effective].filter((entry) => !builtIn.has(entry));
  const names = wanted === null ? [...new Set(told)] : [wanted];
  return {
    host: facts.host,
    platform: platform.name,
    engine:
      facts.engine || facts.binaryVersion
        ? { name: facts.engine?.name ?? "", version: engineVersionOf(facts) }
        : null,
    registries: names.map((registry) => ({
      registry,
      configured: owner?.listed.includes(registry) === true,
      effective: effective.includes(registry),
    })),
    owner: owner?.owner ?? null,
    path: owner?.source.path ?? null,
    restartStops: facts.engine && !facts.engine.liveRestore ? facts.engine.running.length : 0,
    evidence,
    problem,
  };
}

function failedStatus(host: string, error: ErrorOutcome): HostStatus {
  return {
    host,
    platform: null,
    engine: null,
    registries: [],
    owner: null,
    path: null,
    restartStops: 0,
    evidence: [],
    problem: null,
    error,
  };
}

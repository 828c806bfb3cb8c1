import { isRegctlError, type RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import { interruptible } from "../interruptible.ts";
import { certificatesOn, certsFolderOf, type TrustStatus } from "./certificates-on.ts";
import { type Detected, detectPlatform } from "./detect.ts";
import { onEachHost } from "./each-host.ts";
import { sameEntry, sameMirror } from "./engine-entry.ts";
import { engineToShow } from "./engines/choose.ts";
import type { EngineKind } from "./engines/engine-kind.ts";
import type { EngineStatus } from "./engines/engine-status.ts";
import { engineVersionOf, type HostFacts } from "./facts.ts";
import { insecureRegistries, registryMirrors } from "./formats/format.ts";
import { type HostPlace, locateHosts, type Place } from "./locate.ts";
import type { EngineOutcome, ErrorOutcome } from "./outcome.ts";
import { findOwner, type ListOwner } from "./owner.ts";
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

export interface RegistryStatus {
  readonly registry: string;
  /** It stands in the file or the flags; null when nobody could tell where to look. */
  readonly configured: boolean | null;
  /** The running engine has it; null when it could not be asked. */
  readonly effective: boolean | null;
}

export interface MirrorStatus {
  readonly url: string;
  /** As of a registry. */
  readonly configured: boolean | null;
  readonly effective: boolean | null;
}

export interface HostStatus {
  readonly host: string;
  readonly platform: string | null;
  readonly engine: EngineOutcome | null;
  /** Whose status it is, as in `--engine`. */
  readonly engineKind?: string;
  readonly registries: readonly RegistryStatus[];
  /** Registries with certificates in the engine's own folder. */
  readonly trusted: readonly TrustStatus[];
  readonly mirrors: readonly MirrorStatus[];
  readonly owner: "file" | "flags" | "none" | null;
  readonly path: string | null;
  /** Containers that a restart of the engine would stop; null when it could not be asked. */
  readonly restartStops: number | null;
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
  const password = sudoPasswordFrom(world.environment, world.prompt, places.length, world.emit);
  const { outcomes, exitCode } = await onEachHost(
    places,
    world,
    (place) => readStatus(place, wanted, input, password, world),
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
      return { ...statusOf(session, wanted, named.platform), trusted, engineKind: engine.name };
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

interface Recognised {
  readonly name: string | null;
  readonly evidence: readonly string[];
  readonly owner: ListOwner | null;
  /** Those that stand in the file or the flags; null when nobody could tell. */
  readonly mirrors: readonly string[] | null;
  readonly problem: string | null;
}

/** What would stop a change is no reason not to look. */
function recognise(facts: HostFacts, named: string | undefined): Recognised {
  let found: Detected | undefined;
  try {
    found = detectPlatform(facts, named);
    const { platform } = found;
    const written = platform.kind === "written" ? platform : null;
    const owner = written && findOwner(found.facts, written, insecureRegistries);
    const mirrors = written && findOwner(found.facts, written, registryMirrors).listed;
    const problem = facts.engine ? null : `the engine does not answer: ${facts.engineProblem}`;
    return { name: platform.name, evidence: found.evidence, owner, mirrors, problem };
  } catch (error) {
    if (!isRegctlError(error) || isRegctlError(error, "USAGE")) throw error;
    const evidence = found?.evidence ?? [];
    return {
      name: found?.platform.name ?? null,
      evidence,
      owner: null,
      mirrors: null,
      problem: problemOf(error),
    };
  }
}

/** An error's words, but for what goes without saying when nobody wanted a change. */
function problemOf(error: RegctlError): string {
  return explain(error).message.replace(" Nothing was changed.", "");
}

/** One row for what the engine takes for the same, in its own spelling where it has it. */
function distinct(entries: readonly string[]): readonly string[] {
  return entries.filter((entry, at) => entries.findIndex((other) => sameEntry(other, entry)) === at);
}

function statusOf(
  { facts }: HostSession,
  wanted: string | null,
  named: string | undefined,
): Omit<HostStatus, "trusted"> {
  const { name, evidence, owner, mirrors, problem } = recognise(facts, named);
  const { engine } = facts;
  const version = engineVersionOf(facts);
  const told = [...(engine?.insecure ?? []), ...(owner?.listed ?? [])].filter((entry) => !builtIn.has(entry));
  const names = wanted === null ? distinct(told) : [wanted];
  const lists = (entries: readonly string[], registry: string) =>
    entries.some((entry) => sameEntry(entry, registry));
  return {
    host: facts.host,
    platform: name,
    engine: engine || version ? { name: engine?.name ?? "", version } : null,
    registries: names.map((registry) => ({
      registry,
      configured: owner ? lists(owner.listed, registry) : null,
      effective: engine ? lists(engine.insecure, registry) : null,
    })),
    mirrors: mirrorsOf(facts, mirrors, wanted),
    owner: owner?.owner ?? null,
    path: owner?.source.path ?? null,
    restartStops: engine ? (engine.liveRestore ? 0 : engine.running.length) : null,
    evidence,
    problem,
  };
}

function mirrorsOf(
  { engine }: HostFacts,
  configured: readonly string[] | null,
  wanted: string | null,
): readonly MirrorStatus[] {
  const all = [...(engine?.mirrors ?? []), ...(configured ?? [])];
  return all
    .filter((url, at) => all.findIndex((other) => sameMirror(other, url)) === at)
    .filter((url) => wanted === null || (URL.canParse(url) && new URL(url).host === wanted))
    .map((url) => ({
      url,
      configured: configured?.some((each) => sameMirror(each, url)) ?? null,
      effective: engine?.mirrors.some((each) => sameMirror(each, url)) ?? null,
    }));
}

function failedStatus(host: string, error: ErrorOutcome): HostStatus {
  return {
    host,
    platform: null,
    engine: null,
    registries: [],
    trusted: [],
    mirrors: [],
    owner: null,
    path: null,
    restartStops: null,
    evidence: [],
    problem: null,
    error,
  };
}

/** The engine and its files, on the host where it runs. */
import type { Engine } from "../../engine/client.ts";
import type { EngineInfo } from "../../engine/engine-info.ts";
import { judgeProbe } from "../../engine/probe.ts";
import { isRegctlError, type RegctlError } from "../../errors.ts";
import { detectPlatform } from "../../platform/detect.ts";
import type { HostFacts } from "../../platform/facts.ts";
import { insecureRegistries } from "../../platform/formats/format.ts";
import type { Place } from "../../platform/locate.ts";
import { daemonJsonPath, fileOf, findOwner, type ListOwner } from "../../platform/owner.ts";
import { type HostSession, openSession } from "../../platform/session.ts";
import type { Host } from "../../ports.ts";
import type { DiskLook, EngineLook, EngineSays } from "../facts.ts";
import type { DoctorWorld } from "../world.ts";
import type { EngineProxies } from "./route.ts";

export interface EngineVisit {
  readonly look: EngineLook;
  readonly engine: Engine | null;
  close(): Promise<void>;
}

export interface EngineQuestion {
  readonly place: Place;
  /** `--platform`. */
  readonly platform: string | undefined;
  /** Who names an engine says that there should be one. */
  readonly namedBy: string | null;
  /** The engine that docker would use, where it cannot be looked at: one that is here by chance does not count. */
  readonly elsewhere: string | null;
}

const diskTimeoutMs = 5_000;

export async function visitEngine(question: EngineQuestion, world: DoctorWorld): Promise<EngineVisit> {
  const { place, platform, namedBy, elsewhere } = question;
  if (elsewhere !== null) return notLookedAt(elsewhere, world);
  const session = await openSession(place.host, place.socket, world);
  try {
    const { facts, engine } = session;
    const configuration = readConfiguration(facts, platform);
    const proxies = session.info === undefined ? null : proxiesOf(session.info);
    const disk = await readDisk(session);
    const look = lookOf(facts, { ...configuration, proxies, disk, namedBy });
    return { look, engine, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function notLookedAt(elsewhere: string, { clock }: DoctorWorld): EngineVisit {
  const now = clock.now().getTime();
  return { look: { ...noEngine, elsewhere, now }, engine: null, close: async () => {} };
}

const noEngine: Omit<EngineLook, "now"> = {
  expected: false,
  elsewhere: null,
  installed: false,
  namedBy: null,
  problem: null,
  version: null,
  configuration: null,
  path: null,
  configured: [],
  effective: null,
  mirrors: [],
  proxies: null,
  idleKey: null,
  disk: null,
};

interface Configuration {
  readonly owner: ListOwner | null;
  readonly problem: RegctlError | null;
}

/** Who decides on the list; a platform that nobody knows is no fault of the engine's. */
function readConfiguration(facts: HostFacts, named: string | undefined): Configuration {
  try {
    const found = detectPlatform(facts, named);
    const { platform } = found;
    const owner = platform.kind === "written" ? findOwner(found.facts, platform, insecureRegistries) : null;
    return { owner, problem: null };
  } catch (error) {
    if (!isRegctlError(error) || isRegctlError(error, "USAGE")) throw error;
    const broken = isRegctlError(error, "CONFIG_BROKEN") || isRegctlError(error, "CONFIG_CONFLICT");
    return { owner: null, problem: broken ? error : null };
  }
}

interface Parts extends Configuration {
  readonly proxies: EngineProxies | null;
  readonly disk: DiskLook | null;
  readonly namedBy: string | null;
}

/** Pure. */
function lookOf(facts: HostFacts, { owner, problem, proxies, disk, namedBy }: Parts): EngineLook {
  const { engine } = facts;
  const installed =
    facts.socketExists ||
    facts.unit !== null ||
    facts.binaryVersion !== null ||
    facts.daemons.some(({ sameRoot }) => sameRoot);
  return {
    expected: engine !== null || namedBy !== null || installed,
    elsewhere: null,
    installed,
    namedBy,
    problem: engine === null ? (facts.engineProblem ?? "it does not answer") : null,
    version: engine?.version ?? facts.binaryVersion,
    configuration: problem,
    path: owner?.source.path ?? null,
    configured: owner?.listed ?? [],
    effective: engine?.insecure ?? null,
    mirrors: engine?.mirrors ?? [],
    proxies,
    idleKey: idleKeyIn(facts),
    disk,
    now: facts.now * 1000,
  };
}

/** The flag's name as a key of daemon.json: engines accept it, and it does nothing. */
function idleKeyIn(facts: HostFacts): string | null {
  const path = daemonJsonPath(facts);
  return /"insecure-registry"\s*:/.test(fileOf(facts, path).text ?? "") ? path : null;
}

function proxiesOf({ httpProxy, httpsProxy, noProxy }: EngineInfo): EngineProxies {
  return { http: httpProxy, https: httpsProxy, none: noProxy };
}

async function readDisk({ host, facts }: HostSession): Promise<DiskLook | null> {
  const path = facts.engine?.rootDir ?? "";
  if (path === "") return null;
  const shown = await read(host, path);
  const [, total, free] = /\s(\d+)\s+\d+\s+(\d+)\s+\d+%/.exec(shown) ?? [];
  if (total === undefined || free === undefined) return null;
  return { path, freeBytes: Number(free) * 1024, totalBytes: Number(total) * 1024 };
}

/** As far as our rights go: of a folder that cannot be entered, the one above it is on the same disk mostly. */
async function read(host: Host, path: string): Promise<string> {
  const script = 'df -Pk "$1" 2>/dev/null || df -Pk "$(dirname "$1")" 2>/dev/null';
  const result = await host
    .run(["sh", "-c", script, "regctl-disk", path], { timeoutMs: diskTimeoutMs })
    .catch((error: unknown) => {
      if (isRegctlError(error)) return null;
      throw error;
    });
  return result?.stdout.toString("utf8").split("\n").slice(1).join(" ") ?? "";
}

/** Makes the engine itself ask, without a login. Null where its API cannot name such a registry. */
export async function askEngine(
  engine: Engine,
  registry: string,
  timeoutMs: number,
): Promise<EngineSays | null> {
  try {
    return judgeProbe(await engine.probeRegistry(`${registry}/regctl-probe:none`, timeoutMs));
  } catch (error) {
    if (isRegctlError(error, "ENGINE_UNREACHABLE") || isRegctlError(error, "ENGINE_ERROR")) return null;
    throw error;
  }
}

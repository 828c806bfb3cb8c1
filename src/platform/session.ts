import type { Engine } from "../engine/client.ts";
import { dialEngine } from "../engine/dial-engine.ts";
import { type EngineInfo, insecureRegistriesOf, isRootless } from "../engine/engine-info.ts";
import { isRegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { EngineFacts, HostFacts, Rights } from "./facts.ts";
import { readSystemFacts } from "./observe.ts";
import { privilegedHost } from "./rights.ts";
import type { SetupWorld } from "./world.ts";

/** A host that was looked at, with the means to change it. */
export interface HostSession {
  readonly host: Host;
  /** The same host as root, where the login can be root without being asked. */
  readonly root: Host | null;
  readonly facts: HostFacts;
  readonly engine: Engine | null;
  /** All that the engine says of itself, as it was read for the facts; absent where it does not answer. */
  readonly info?: EngineInfo;
  close(): Promise<void>;
}

/** Reads everything that planning needs. `asRoot` is given when a password was needed for it. */
export async function openSession(
  host: Host,
  socket: string,
  world: Pick<SetupWorld, "http">,
  asRoot?: Host,
): Promise<HostSession> {
  const looking = readSystemFacts(asRoot ?? host, socket);
  const becoming = looking.then((system) => asRoot ?? rootOf(host, system.rights));
  const [system, root, reached] = await Promise.all([
    looking,
    becoming,
    reach(host, socket, world, becoming),
  ]);
  if ("problem" in reached) {
    const facts = { ...system, engine: null, engineProblem: reached.problem };
    return { host, root, facts, engine: null, close: async () => {} };
  }
  const { engine, info } = reached;
  const facts = { ...system, engine: reached.facts, engineProblem: null };
  return { host, root, facts, engine, info, close: () => engine.close() };
}

function rootOf(host: Host, rights: Rights): Host | null {
  return rights === "none" ? null : privilegedHost(host, rights);
}

type Reached =
  | { readonly engine: Engine; readonly facts: EngineFacts; readonly info: EngineInfo }
  | { readonly problem: string };

/** An engine that does not answer is a fact here, not a failure: the files can tell why. */
async function reach(
  plain: Host,
  socketPath: string,
  world: Pick<SetupWorld, "http">,
  becoming: Promise<Host | null>,
): Promise<Reached> {
  const privileged = becoming.then((root) => (root === plain ? null : root));
  privileged.catch(() => {});
  let engine: Engine | undefined;
  try {
    engine = await dialEngine({ plain, privileged, socketPath, openHttp: await world.http() });
    const info = await engine.info();
    return { engine, info, facts: await readEngineFacts(engine, info) };
  } catch (error) {
    await engine?.close();
    if (isRegctlError(error, "ENGINE_UNREACHABLE")) return { problem: error.facts.reason };
    throw error;
  }
}

async function readEngineFacts(engine: Engine, info: EngineInfo): Promise<EngineFacts> {
  const now = Math.floor((Date.parse(info.systemTime) || Date.now()) / 1000);
  const [apiVersion, running, lastReload] = await Promise.all([
    engine.apiVersion(),
    engine.containers(),
    engine.lastReload(now),
  ]);
  return {
    version: info.serverVersion,
    apiVersion,
    operatingSystem: info.operatingSystem,
    name: info.name,
    rootDir: info.rootDir,
    rootless: isRootless(info),
    liveRestore: info.liveRestore,
    swarm: info.swarmState !== "" && info.swarmState !== "inactive",
    labels: info.labels,
    insecure: insecureRegistriesOf(info),
    mirrors: info.mirrors,
    running: running.map((container) => container.id).sort(),
    lastReload,
  };
}

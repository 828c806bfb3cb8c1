import type { Engine } from "../engine/client.ts";
import { dialEngine } from "../engine/dial-engine.ts";
import { insecureRegistriesOf, isRootless } from "../engine/engine-info.ts";
import { isRegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { EngineFacts, HostFacts } from "./facts.ts";
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
  close(): Promise<void>;
}

/** Reads everything that planning needs. `asRoot` is given when a password was needed for it. */
export async function openSession(
  host: Host,
  socket: string,
  world: Pick<SetupWorld, "http">,
  asRoot?: Host,
): Promise<HostSession> {
  const [system, openHttp] = await Promise.all([readSystemFacts(asRoot ?? host, socket), world.http()]);
  const root = asRoot ?? (system.rights === "none" ? null : privilegedHost(host, system.rights));
  const dialled = await reach(() =>
    dialEngine({
      plain: host,
      ...(root && root !== host ? { privileged: root } : {}),
      socketPath: socket,
      openHttp,
    }),
  );
  if ("problem" in dialled) {
    const facts = { ...system, engine: null, engineProblem: dialled.problem };
    return { host, root, facts, engine: null, close: async () => {} };
  }
  const { engine } = dialled;
  const facts = { ...system, engine: await readEngineFacts(engine, system.now), engineProblem: null };
  return { host, root, facts, engine, close: () => engine.close() };
}

/** An engine that does not answer is a fact here, not a failure: the files can tell why. */
async function reach(dial: () => Promise<Engine>): Promise<{ engine: Engine } | { problem: string }> {
  try {
    return { engine: await dial() };
  } catch (error) {
    if (isRegctlError(error, "ENGINE_UNREACHABLE")) return { problem: error.facts.reason };
    throw error;
  }
}

export async function readEngineFacts(engine: Engine, now: number): Promise<EngineFacts> {
  const [info, apiVersion, running, lastReload] = await Promise.all([
    engine.info(),
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

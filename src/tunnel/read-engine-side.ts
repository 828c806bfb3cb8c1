/** Reads what `decideEngineSide` decides by: files of the user, sockets of this machine, and rarely the engine. */
import type { EngineEndpoint } from "../engine/endpoint.ts";
import { type EngineWorld, reachEngine } from "../engine/reach-engine.ts";
import { readEndpoint, readMachineAddress } from "../engine/read-endpoint.ts";
import { usualSockets } from "../engine/usual-sockets.ts";
import { limaMachineOf, type PodmanMachine, parsePodmanMachine } from "./engine-machine.ts";
import { decideEngineSide, type EngineFacts, type EngineSide, tellsItself } from "./engine-side.ts";

/**
 * Where the engine lives that the docker CLI would use here, or `engineHost` (`--engine-host`).
 * @throws RegctlError USAGE where the docker CLI would fail too; STATE_UNREADABLE
 */
export async function readEngineSide(engineHost: string | null, world: EngineWorld): Promise<EngineSide> {
  return decideEngineSide(await readEngineFacts(engineHost, world));
}

async function readEngineFacts(named: string | null, world: EngineWorld): Promise<EngineFacts> {
  const { environment, home } = world;
  const nothing = { endpoint: null, socket: null, machine: null, configs: [], podmanMachines: [] };
  const still = { ...nothing, ownNetwork: false, operatingSystem: null, system: "", wsl: false };
  if (named !== null) return { home, environment, named, ...still };
  const choice = await readEndpoint(world.files, { environment, home });
  for (const warning of choice.warnings) world.emit({ event: "warning", warning });
  const endpoints: readonly EngineEndpoint[] = choice.named
    ? choice.endpoints
    : [...choice.endpoints, ...usualEndpoints(world)];
  const look = await lookHere(endpoints, world);
  const endpoint = look.socket?.endpoint ?? (choice.named ? (choice.endpoints[0] ?? null) : null);
  const socket = look.socket?.real ?? (endpoint?.kind === "unix" ? endpoint.path : null);
  const facts = { ...still, ...look, home, environment, named, endpoint, socket };
  const [machine, configs, podmanMachines, operatingSystem] = await Promise.all([
    endpoint === null ? null : readMachineAddress(world.files, home, endpoint),
    socket === null ? [] : findConfigs(socket, world),
    socket === null ? [] : readPodmanMachines(world),
    tellsItself(facts) ? null : askEngine(world),
  ]);
  return { ...facts, machine, configs, podmanMachines, operatingSystem };
}

function usualEndpoints({ environment, home }: EngineWorld): readonly EngineEndpoint[] {
  return usualSockets(environment, home).map(({ path, of }) => ({ kind: "unix", path, origin: of }));
}

/** Lines: the system, its release, whether the rootless engine has its own network, then sockets that are there. */
const lookScript = `uname -s; uname -r
own=no
if pid=$(cat "$1/docker.pid" 2>/dev/null) && net=$(readlink "/proc/$pid/ns/net" 2>/dev/null); then
  [ "$net" = "$(readlink /proc/self/ns/net)" ] || own=yes
fi
echo "$own"; shift
for s in "$@"; do [ -S "$s" ] && { echo "$s"; readlink -f "$s" 2>/dev/null || echo "$s"; }; done; :`;

interface Look extends Pick<EngineFacts, "system" | "wsl" | "ownNetwork"> {
  /** The first socket that is there, and where it really is. */
  readonly socket: { readonly endpoint: EngineEndpoint; readonly real: string } | null;
}

async function lookHere(endpoints: readonly EngineEndpoint[], world: EngineWorld): Promise<Look> {
  const paths = endpoints.flatMap((endpoint) => (endpoint.kind === "unix" ? [endpoint.path] : []));
  const runtime = world.environment.XDG_RUNTIME_DIR || "/nonexistent";
  const host = await world.localHost();
  const { stdout } = await host.run(["sh", "-c", lookScript, "regctl-look", runtime, ...paths]);
  const [system = "", release = "", own = "", path, real] = stdout.toString("utf8").split("\n");
  const endpoint = endpoints.find((each) => each.kind === "unix" && each.path === path);
  const isRootless = path === `${runtime}/docker.sock`;
  return {
    system,
    wsl: /microsoft/i.test(release),
    ownNetwork: isRootless && own === "yes",
    socket: endpoint === undefined ? null : { endpoint, real: real || (path ?? "") },
  };
}

async function findConfigs(socket: string, world: EngineWorld): Promise<readonly string[]> {
  const machine = limaMachineOf(socket, world.environment, world.home);
  const paths = machine?.configs.map(({ path }) => path) ?? [];
  const texts = await Promise.all(paths.map((path) => world.files.read(path).catch(() => null)));
  return paths.filter((_, index) => texts[index] !== null);
}

/** Below a folder for each way that podman has of running machines (qemu, applehv, libkrun, wsl, hyperv). */
async function readPodmanMachines({
  environment,
  home,
  files,
}: EngineWorld): Promise<readonly PodmanMachine[]> {
  const top = `${environment.XDG_CONFIG_HOME || `${home}/.config`}/containers/podman/machine`;
  const namesIn = (folder: string) => files.list(folder).catch((): readonly string[] => []);
  const kinds = await namesIn(top);
  const paths = await Promise.all(
    kinds.map(async (kind) => (await namesIn(`${top}/${kind}`)).map((name) => `${top}/${kind}/${name}`)),
  );
  const found = paths.flat().filter((path) => path.endsWith(".json"));
  const texts = await Promise.all(found.map((path) => files.read(path).catch(() => null)));
  return texts.flatMap((text) => (text === null ? [] : (parsePodmanMachine(text.toString("utf8")) ?? [])));
}

/** An engine that does not answer has nothing to say of itself, and is no reason not to open a tunnel. */
async function askEngine(world: EngineWorld): Promise<string | null> {
  const quiet = { ...world, emit: () => {} };
  const reached = await reachEngine(quiet).catch(() => null);
  if (reached === null) return null;
  try {
    return (await reached.engine.info()).operatingSystem;
  } catch {
    return null;
  } finally {
    await reached.close();
  }
}

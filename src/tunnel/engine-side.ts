/**
 * Where does `localhost` mean what the engine means by it? A registry behind a tunnel is called `localhost:PORT` by
 * whoever uses it, so the listener has to be where the engine is. Facts to decision: pure.
 */
import type { EngineEndpoint } from "../engine/endpoint.ts";
import type { MachineAddress } from "../engine/machine.ts";
import { type HostSpec, parseHostSpec } from "../ssh/host-spec.ts";
import {
  isPodmanMachineSocket,
  limaMachineOf,
  type MachineConfig,
  type PodmanMachine,
  podmanMachineOf,
} from "./engine-machine.ts";

/** `--engine-host none`: listen here alone. */
export const noEngineHost = "none";

/** How the host of an engine is logged in to. */
export interface EngineWay {
  readonly spec: HostSpec;
  readonly identityFiles: readonly string[];
  /** An SSH configuration that is read instead of the user's, as `ssh -F`. */
  readonly configFile: string | null;
}

/**
 * `here`: the engine shares this machine's loopback. `there`: it has one of its own, behind `way`. `apart`: it has
 * one of its own that nothing of ours gets into. `unknown`: it is somewhere else, and nobody has said where.
 * `none`: there is no engine. `engine` is what people call it, `why` what told us, as a clause.
 */
export type EngineSide =
  | { readonly side: "here"; readonly engine: string; readonly why: string }
  | { readonly side: "there"; readonly engine: string; readonly why: string; readonly way: EngineWay }
  | {
      readonly side: "apart";
      readonly engine: string;
      readonly why: string;
      /** The name by which the engine reaches this machine's loopback; null when there is none. */
      readonly bridge: string | null;
    }
  | { readonly side: "unknown"; readonly engine: string; readonly why: string }
  | { readonly side: "none" };

export interface EngineFacts {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--engine-host`. */
  readonly named: string | null;
  /** The engine that the docker CLI would use; null when none is named and none listens. */
  readonly endpoint: EngineEndpoint | null;
  /** Of a unix socket: its path with all symlinks followed. */
  readonly socket: string | null;
  /** Of a docker-machine or boot2docker endpoint. */
  readonly machine: MachineAddress | null;
  /** As `uname -s` says. */
  readonly system: string;
  /** This is a distribution of Windows' WSL. */
  readonly wsl: boolean;
  /** SSH configurations of `limaMachineOf` that exist. */
  readonly configs: readonly string[];
  readonly podmanMachines: readonly PodmanMachine[];
  /** The engine is rootless and has a network namespace of its own. */
  readonly ownNetwork: boolean;
  /** What the engine says it runs on; null when it was not asked, or does not answer. */
  readonly operatingSystem: string | null;
}

const bridge = "host.docker.internal";

/** @throws RegctlError USAGE: `--engine-host` is no host */
export function decideEngineSide(facts: EngineFacts): EngineSide {
  const { named, endpoint } = facts;
  if (named !== null) return there(named, "--engine-host names it", parseHostSpec(named));
  if (endpoint === null) return { side: "none" };
  switch (endpoint.kind) {
    case "unix":
      return decideSocket(facts.socket ?? endpoint.path, endpoint.origin, facts);
    case "ssh":
      return there(`ssh://${endpoint.spec}`, `${endpoint.origin} names it`, parseHostSpec(endpoint.spec));
    case "tcp":
      return decideTcp(endpoint, facts);
    case "npipe":
      return unknown(`npipe://${endpoint.path}`, `${endpoint.origin} names a pipe of Windows`);
  }
}

/** What a path tells before the engine has to be asked. */
export function tellsItself(facts: Pick<EngineFacts, "socket" | "environment" | "home" | "system" | "wsl">) {
  const { socket, environment, home, system, wsl } = facts;
  if (socket === null || (system === "Linux" && !wsl)) return true;
  return (
    apartByPath(socket, home) !== null ||
    limaMachineOf(socket, environment, home) !== null ||
    isPodmanMachineSocket(socket)
  );
}

function decideSocket(socket: string, origin: string, facts: EngineFacts): EngineSide {
  const { environment, home, system, wsl } = facts;
  const why = `its socket is ${socket}`;
  const apart = apartByPath(socket, home) ?? apartByWords(facts.operatingSystem);
  if (apart !== null) {
    const told = apartByPath(socket, home) === null ? `it calls itself ${facts.operatingSystem}` : why;
    return { side: "apart", engine: apart, why: wsl ? `${told}, and this is WSL` : told, bridge };
  }
  const lima = limaMachineOf(socket, environment, home);
  if (lima !== null) {
    const config = lima.configs.find(({ path }) => facts.configs.includes(path));
    if (config !== undefined) return there(lima.name, why, ...wayOf(config));
    return unknown(lima.name, `${why}, and there is no ${lima.configs.map(({ path }) => path).join(" or ")}`);
  }
  if (isPodmanMachineSocket(socket)) return decidePodman(socket, why, facts);
  if (facts.ownNetwork) {
    const reason = "it runs without root, in a network namespace of its own";
    return { side: "apart", engine: "the rootless engine", why: reason, bridge: null };
  }
  if (system === "Linux") {
    const place = wsl ? "distribution of WSL" : "Linux";
    return { side: "here", engine: `the engine at unix://${socket}`, why: `a socket of this ${place}` };
  }
  return unknown(
    `the engine at unix://${socket}`,
    `${origin} names it, and on ${system} engines live in machines`,
  );
}

function decidePodman(socket: string, why: string, { podmanMachines }: EngineFacts): EngineSide {
  const machine = podmanMachineOf(socket, podmanMachines);
  if (machine === null)
    return unknown("podman machine", `${why}, and none of podman's files tells how to log in`);
  const { name, user, port, keyFile } = machine;
  return there(`podman machine ${name}`, why, { user, host: "127.0.0.1", port }, [keyFile]);
}

function decideTcp(endpoint: Extract<EngineEndpoint, { kind: "tcp" }>, facts: EngineFacts): EngineSide {
  const { origin, machine: from, host, port } = endpoint;
  const address = `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (facts.machine !== null && from !== undefined) {
    const { user, host: machineHost, port: machinePort, keyFile } = facts.machine;
    const spec = { user, host: machineHost, port: machinePort };
    return there(`${from.kind}'s machine ${from.name}`, `${origin} and DOCKER_CERT_PATH name it`, spec, [
      keyFile,
    ]);
  }
  const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
  if (loopback && facts.system === "Linux" && !facts.wsl) {
    return { side: "here", engine: `the engine at ${address}`, why: "its address is this Linux's loopback" };
  }
  return unknown(`the engine at ${address}`, `${origin} names its address alone`);
}

/** Programs that keep an engine in a machine that nobody logs in to, by the folders that they make. */
function apartByPath(socket: string, home: string): string | null {
  const inHome = socket.startsWith(`${home}/`) ? socket.slice(home.length + 1) : "";
  if (/^\.docker\/(run|desktop)\//.test(inHome) || socket.startsWith("/mnt/wsl/docker-desktop")) {
    return "Docker Desktop";
  }
  if (/^Library\/Containers\/com\.docker\.docker\//.test(inHome)) return "Docker Desktop";
  return inHome.startsWith(".orbstack/") ? "OrbStack" : null;
}

/** By `OperatingSystem` of the engine's `/info`. */
function apartByWords(operatingSystem: string | null): string | null {
  return ["Docker Desktop", "OrbStack"].find((name) => operatingSystem?.startsWith(name)) ?? null;
}

function wayOf({ path, alias }: MachineConfig): readonly [HostSpec, readonly string[], string] {
  return [{ host: alias }, [], path];
}

function there(
  engine: string,
  why: string,
  spec: HostSpec,
  identityFiles: readonly string[] = [],
  configFile: string | null = null,
): EngineSide {
  return { side: "there", engine, why, way: { spec, identityFiles, configFile } };
}

function unknown(engine: string, why: string): EngineSide {
  return { side: "unknown", engine, why };
}

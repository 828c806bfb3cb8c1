import { resolve } from "node:path";
import type { EngineEndpoint } from "../engine/endpoint.ts";
import { readEndpoint, readMachineAddress } from "../engine/read-endpoint.ts";
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import { type HostSpec, parseHostSpec } from "../ssh/host-spec.ts";
import type { SetupWorld } from "./world.ts";

/** An open way to a host and the socket of the engine there. */
export interface Place {
  readonly host: Host;
  readonly socket: string;
  close(): Promise<void>;
}

/** A host to act on, not yet connected. */
export interface HostPlace {
  /** As it was typed, and as its `Place` calls it: the one name in progress, documents and errors. */
  readonly name: string;
  /** The engine of this very machine, whose user we are. */
  readonly local: boolean;
  open(): Promise<Place>;
}

const usualSocket = "/var/run/docker.sock";

/**
 * The hosts that `--on` names, or else the one whose engine the docker CLI would use here.
 * @throws RegctlError ENGINE_ELSEWHERE, USAGE
 */
export async function locateHosts(
  on: readonly string[],
  cwd: string,
  world: SetupWorld,
): Promise<readonly HostPlace[]> {
  if (on.length === 0) return [await locateEngine(world)];
  const names = (await Promise.all(on.map((value) => expand(value, cwd, world)))).flat();
  const specs = new Map(names.map((name) => [name, parseHostSpec(name)]));
  return [...specs].map(([name, spec]) => sshPlace(name, spec, null, world));
}

/** `@FILE`: one host a line; empty lines and lines that begin with # do not count. */
async function expand(value: string, cwd: string, world: SetupWorld): Promise<readonly string[]> {
  if (!value.startsWith("@")) return [value];
  const path = resolve(cwd, value.slice(1));
  const wrong = (problem: string, cause?: unknown) =>
    new RegctlError("USAGE", { problem: `--on ${value}: ${problem}` }, { cause });
  const text = await world.files.read(path).catch((error: unknown) => {
    throw wrong(`${path} cannot be read: ${error instanceof Error ? error.message : error}`, error);
  });
  if (text === null) throw wrong(`there is no file ${path}`);
  const lines = text
    .toString("utf8")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim());
  const hosts = lines.filter((line) => line !== "");
  if (hosts.length === 0) throw wrong(`${path} names no host`);
  return hosts;
}

/** @param socket null for the usual one, or else that of an engine of the login's own */
function sshPlace(
  name: string,
  spec: HostSpec,
  socket: string | null,
  world: SetupWorld,
  identityFiles: readonly string[] = [],
): HostPlace {
  return {
    name,
    local: false,
    open: async () => {
      const connection = await world.connect({ ...spec, name }, identityFiles);
      const close = () => connection.close();
      try {
        return { host: connection, socket: socket ?? (await findSocket(connection)), close };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

async function locateEngine(world: SetupWorld): Promise<HostPlace> {
  const choice = await readEndpoint(world.files, { environment: world.environment, home: world.home });
  for (const warning of choice.warnings) world.emit({ event: "warning", warning });
  const [first] = choice.endpoints;
  if (!first)
    throw new RegctlError("ENGINE_UNREACHABLE", {
      host: "localhost",
      tried: [],
      reason: "no engine is named",
    });
  if (!choice.named) return localPlace(choice.endpoints, world);
  return placeOf(first, world);
}

async function placeOf(endpoint: EngineEndpoint, world: SetupWorld): Promise<HostPlace> {
  if (endpoint.kind === "unix") return localPlace([endpoint], world);
  if (endpoint.kind === "ssh") {
    return sshPlace(endpoint.spec, parseHostSpec(endpoint.spec), endpoint.socketPath ?? null, world);
  }
  const machine = await readMachineAddress(world.files, world.home, endpoint);
  if (machine) {
    const { user, host, port, keyFile } = machine;
    return sshPlace(
      `${user}@${host}${port === 22 ? "" : `:${port}`}`,
      { user, host, port },
      usualSocket,
      world,
      [keyFile],
    );
  }
  throw new RegctlError("ENGINE_ELSEWHERE", {
    endpoint:
      endpoint.kind === "tcp" ? `tcp://${endpoint.host}:${endpoint.port}` : `npipe://${endpoint.path}`,
    why: `${endpoint.origin} names an engine by its network address, which says nothing of the machine's files`,
    ...(endpoint.kind === "tcp"
      ? { on: endpoint.host, remedy: `--on ${endpoint.host}` }
      : { remedy: endpoint.origin === "DOCKER_HOST" ? "unset DOCKER_HOST" : "docker context use default" }),
  });
}

const firstSocketScript =
  'for s in "$@"; do [ -S "$s" ] && { printf %s "$s"; exit 0; }; done; printf %s "$1"';

/** Those of a person's own engine: rootless Docker, Docker Desktop, OrbStack, Colima. */
const loginSocketScript = `
for s in "$1" "\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/docker.sock" "$HOME/.docker/run/docker.sock" \\
  "$HOME/.docker/desktop/docker.sock" "$HOME/.orbstack/run/docker.sock" \\
  "\${COLIMA_HOME:-$HOME/.colima}/default/docker.sock" "\${XDG_CONFIG_HOME:-$HOME/.config}/colima/default/docker.sock"; do
  [ -S "$s" ] && { printf %s "$s"; exit 0; }
done
printf %s "$1"
`;

async function findSocket(host: Host): Promise<string> {
  const result = await host.run(["sh", "-c", loginSocketScript, "regctl-socket", usualSocket]);
  return result.stdout.toString("utf8") || usualSocket;
}

function localPlace(endpoints: readonly EngineEndpoint[], world: SetupWorld): HostPlace {
  const sockets = endpoints.flatMap((endpoint) => (endpoint.kind === "unix" ? [endpoint.path] : []));
  return {
    name: "localhost",
    local: true,
    open: async () => {
      const host = await world.localHost();
      const socket =
        sockets.length === 1
          ? (sockets[0] ?? usualSocket)
          : (await host.run(["sh", "-c", firstSocketScript, "regctl-sockets", ...sockets])).stdout.toString(
              "utf8",
            );
      return { host, socket, close: async () => {} };
    },
  };
}

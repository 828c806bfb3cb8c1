/** The engine whose images are meant: the one that the docker CLI would use, or the one that is here at all. */
import type { Duplex } from "node:stream";
import { isRegctlError, RegctlError } from "../errors.ts";
import type { Emit, Environment, Files, Host } from "../ports.ts";
import type { OpenHttp } from "./carrier.ts";
import { type ImageEngine, openEngine } from "./client.ts";
import { dialEngine } from "./dial-engine.ts";
import type { EngineEndpoint, EngineTls } from "./endpoint.ts";
import { readEndpoint } from "./read-endpoint.ts";
import { usualSockets } from "./usual-sockets.ts";

export interface EngineWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly emit: Emit;
  localHost(): Promise<Host>;
  http(): Promise<OpenHttp>;
  /** Over TLS where `tls` says so; rejects with the system's error. */
  dialTcp(address: {
    readonly host: string;
    readonly port: number;
    readonly tls?: EngineTls;
  }): Promise<Duplex>;
  /** `[USER@]HOST[:PORT]`. The caller closes it. */
  connectTo(spec: string): Promise<Host & { close(): Promise<void> }>;
}

export interface ReachedEngine {
  readonly engine: ImageEngine;
  /** `unix:///var/run/docker.sock`, `ssh://ann@web1`, `tcp://192.0.2.1:2376`. */
  readonly address: string;
  /** The machine that runs regctl runs it, too: what is loopback for one is so for the other, unless it is in a VM. */
  readonly local: boolean;
  close(): Promise<void>;
}

const remoteSocket = "/var/run/docker.sock";

/** Throws ENGINE_UNREACHABLE, naming all that was tried, USAGE where the docker CLI would fail too, and errors of SSH. */
export async function reachEngine(world: EngineWorld, contextFlag?: string): Promise<ReachedEngine> {
  const { environment, home } = world;
  const surroundings = { environment, home, ...(contextFlag === undefined ? {} : { contextFlag }) };
  const choice = await readEndpoint(world.files, surroundings);
  for (const warning of choice.warnings) world.emit({ event: "warning", warning });
  const [first] = choice.endpoints;
  if (choice.named && first !== undefined) return await open(first, world);
  const sockets = choice.endpoints.flatMap((endpoint) => (endpoint.kind === "unix" ? [endpoint.path] : []));
  return await openFirst([...sockets, ...usualSockets(environment, home).map(({ path }) => path)], world);
}

/** A socket that is there and does not let us in is told rather than passed over. */
async function openFirst(paths: readonly string[], world: EngineWorld): Promise<ReachedEngine> {
  const host = await world.localHost();
  const script = 'for s in "$@"; do [ -S "$s" ] && printf "%s\\n" "$s"; done; :';
  const { stdout } = await host.run(["sh", "-c", script, "regctl-sockets", ...paths]);
  const there = stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  const tried: string[] = [];
  for (const path of there) {
    try {
      return await openSocket(host, path, world);
    } catch (error) {
      if (!isRegctlError(error, "ENGINE_UNREACHABLE")) throw error;
      tried.push(...error.facts.tried);
    }
  }
  const missing = paths.filter((path) => !there.includes(path)).map((path) => `unix://${path}: not there`);
  throw new RegctlError("ENGINE_UNREACHABLE", {
    host: "localhost",
    tried: [...tried, ...missing],
    reason: there.length === 0 ? "no engine listens at any of the usual places" : "no engine answers",
  });
}

function open(endpoint: EngineEndpoint, world: EngineWorld): Promise<ReachedEngine> {
  switch (endpoint.kind) {
    case "unix":
      return world.localHost().then((host) => openSocket(host, endpoint.path, world));
    case "ssh":
      return openOverSsh(endpoint.spec, endpoint.socketPath ?? remoteSocket, world);
    case "tcp":
      return openTcp(endpoint, world);
    case "npipe":
      throw new RegctlError("USAGE", {
        problem: `${endpoint.origin} names a pipe of Windows, which regctl does not open`,
        type: "DOCKER_HOST=tcp://127.0.0.1:2375",
      });
  }
}

async function openSocket(plain: Host, socketPath: string, world: EngineWorld): Promise<ReachedEngine> {
  const engine = await dialEngine({ plain, socketPath, openHttp: await world.http() });
  return { engine, address: `unix://${socketPath}`, local: true, close: () => engine.close() };
}

async function openOverSsh(spec: string, socketPath: string, world: EngineWorld): Promise<ReachedEngine> {
  const plain = await world.connectTo(spec);
  try {
    const engine = await dialEngine({ plain, socketPath, openHttp: await world.http() });
    const close = async () => {
      await engine.close();
      await plain.close();
    };
    return { engine, address: `ssh://${spec}`, local: false, close };
  } catch (error) {
    await plain.close();
    throw error;
  }
}

async function openTcp(
  endpoint: Extract<EngineEndpoint, { kind: "tcp" }>,
  world: EngineWorld,
): Promise<ReachedEngine> {
  const { host, port, tls } = endpoint;
  const address = `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const dial = () => world.dialTcp({ host, port, ...(tls === undefined ? {} : { tls }) });
  const engine = openEngine(dial, await world.http(), { host, via: address });
  try {
    await engine.ping({ timeoutMs: 15_000 });
    return { engine, address, local: false, close: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

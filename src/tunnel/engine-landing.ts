/** The engine's side of a tunnel: where it is, the connection there, and what is listened at for it. */
import { isRegctlError, type RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { Destination, Prompt } from "../ports.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import type { SshConnection } from "../ssh/connection.ts";
import type { SshTarget } from "../ssh/target.ts";
import { type EngineSide, type EngineWay, noEngineHost } from "./engine-side.ts";
import { listenThere } from "./entrance-there.ts";
import { dialHeld } from "./held-dial.ts";
import { type ConnectOnce, type KeepWorld, keepConnection } from "./kept-connection.ts";
import type { OpenAtEngine } from "./open-tunnel.ts";
import { readEngineSide } from "./read-engine-side.ts";
import type { NotesWorld } from "./session-notes.ts";
import type { Forward } from "./tunnel.ts";
import type { TunnelWorld } from "./world.ts";

export interface EngineLanding {
  readonly side: EngineSide;
  /** Why nothing is opened over there although the engine is there; null where all is well. */
  readonly problem: RegctlError | null;
  /** Opens the listener over there; null where none is wanted or none can be. */
  readonly open: OpenAtEngine | null;
  /** What is forwarded from over there for the port that the tunnel has here. */
  forwards(port: number): readonly Forward[];
  /** Ends the connection when nobody took it. */
  discard(): Promise<void>;
}

export interface LandingOptions {
  /** `--engine-host`. */
  readonly engineHost: string | null;
  /** Where the registry's server is, and the registry seen from it. */
  readonly server: SshTarget;
  readonly to: Destination;
  readonly prompt: Prompt;
  /** Before each connection but the first. */
  readonly beginAgain: () => void;
}

/**
 * Connects to the engine's host where that is another one, with whatever has to be asked. A host that nobody named on
 * the command line and that cannot be reached is warned of: commands of regctl do without it.
 * @throws RegctlError USAGE; for `--engine-host` also SSH_*
 */
export async function prepareLanding(options: LandingOptions, world: TunnelWorld): Promise<EngineLanding> {
  const { engineHost } = options;
  if (engineHost === noEngineHost) return nothingThere({ side: "none" }, null);
  const side = await readEngineSide(engineHost, world);
  if (side.side !== "there") return nothingThere(side, null);
  try {
    return await connectThere(side, side.way, options, world);
  } catch (error) {
    if (engineHost !== null || !isRegctlError(error) || world.signal.aborted) throw error;
    const why = explain(error).message;
    const warning = `${side.engine} is not reached, so docker finds no registry at its localhost: ${why}`;
    world.emit({ event: "warning", host: side.engine, warning });
    return nothingThere(side, error);
  }
}

function nothingThere(side: EngineSide, problem: RegctlError | null): EngineLanding {
  return { side, problem, open: null, forwards: () => [], discard: async () => {} };
}

async function connectThere(
  side: EngineSide,
  way: EngineWay,
  options: LandingOptions,
  world: TunnelWorld,
): Promise<EngineLanding> {
  const { prompt, server, to } = options;
  // A password of the environment is for the server that was named.
  const { REGCTL_SSH_PASSWORD: _, ...environment } = world.environment;
  const { spec, identityFiles, configFile } = way;
  const files = { identityFiles, ...(configFile === null ? {} : { configFile }) };
  const open = (timeoutMs: number, signal: AbortSignal): Promise<SshConnection> =>
    world.connectAs(spec, { prompt, environment, signal, timeoutMs, ...files });
  let first: SshConnection | null = await open(world.connectTimeoutMs, world.signal);
  const meets = meetsDirectly(first.target, server, to);
  const connect: ConnectOnce = async ({ timeoutMs, signal }) => {
    const ready = first;
    first = null;
    if (ready !== null) return ready;
    options.beginAgain();
    return await open(timeoutMs, signal);
  };
  return {
    side,
    problem: null,
    open: openThere(connect, world),
    forwards: (port) =>
      meets === port ? [] : [{ from: { kind: "tcp", host: "127.0.0.1", port }, side: "engine", to }],
    discard: async () => {
      await first?.close();
      first = null;
    },
  };
}

/** The port at which an engine on the server itself meets the registry without us; null where it does not. */
export function meetsDirectly(
  engine: Pick<SshTarget, "host" | "port">,
  server: Pick<SshTarget, "host" | "port">,
  to: Destination,
): number | null {
  const same = engine.host === server.host && engine.port === server.port;
  return same && to.kind === "tcp" && isLoopbackHost(to.host) ? to.port : null;
}

/** By a connection of its own to the engine's host, which comes back by itself whatever the one to the server does. */
export function openThere(
  connect: ConnectOnce,
  world: KeepWorld & NotesWorld & Pick<TunnelWorld, "connectTimeoutMs">,
): OpenAtEngine {
  return async ({ from, to }, kept, { holdMs, onChange, onProblem }) => {
    const engine = await keepConnection(connect, { connectTimeoutMs: world.connectTimeoutMs }, world);
    engine.onChange(onChange);
    const dial = (signal: AbortSignal) => dialHeld(kept, to, holdMs, signal);
    const { clock, random } = world;
    try {
      const options = { world, clock, random, onChange, onProblem };
      const entrance = await listenThere(engine, from, dial, options);
      const close = async () => void (await Promise.all([entrance.close(), engine.close()]));
      return {
        at: entrance.at,
        traffic: entrance.traffic,
        get problem() {
          return engine.problem ?? entrance.problem;
        },
        link: engine,
        close,
      };
    } catch (error) {
      await engine.close();
      throw error;
    }
  };
}

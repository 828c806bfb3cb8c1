import { isRegctlError, RegctlError } from "../errors.ts";
import { listenHere } from "./entrance-here.ts";
import { dialHeld } from "./held-dial.ts";
import { type ConnectOnce, type KeepOptions, type KeepWorld, keepConnection } from "./kept-connection.ts";
import type { ListenLocally } from "./listener.ts";
import type { Entrance, Forward, KeptConnection, RunningTunnel, TunnelFacts, TunnelState } from "./tunnel.ts";

export interface TunnelPlan extends KeepOptions {
  readonly connect: ConnectOnce;
  readonly forwards: readonly Forward[];
  /** So long a new connection waits while the tunnel is being made again; default 30 s. */
  readonly holdMs?: number;
  /** For forwards whose side is `engine`. */
  readonly openAtEngine?: OpenAtEngine;
  /** A single connection could not be served, or not to its end: why. */
  readonly onProblem?: (error: RegctlError) => void;
}

/** Opens an entrance on the engine's side; its streams go through `kept`. `onChange`: its `problem` is another. */
export type OpenAtEngine = (
  forward: Forward,
  kept: KeptConnection,
  how: {
    readonly holdMs: number;
    readonly onChange: () => void;
    readonly onProblem: (error: RegctlError) => void;
  },
) => Promise<Entrance>;

export interface OpenTunnelWorld extends KeepWorld {
  readonly listenLocally: ListenLocally;
}

const usualHoldMs = 30_000;

/**
 * One connection, kept, and an entrance for each forward. When one entrance cannot be opened all is closed again.
 * @throws RegctlError SSH_*, PORT_HELD, LISTEN_FAILED
 */
export async function openTunnel(plan: TunnelPlan, world: OpenTunnelWorld): Promise<RunningTunnel> {
  const kept = await keepConnection(plan.connect, plan, world);
  const entrances: Entrance[] = [];
  const listeners: (() => void)[] = [];
  let seen: Seen = { state: kept.state, since: kept.since };
  const onChange = (): void => {
    const state = stateOf(kept, entrances);
    if (state !== seen.state) seen = { state, since: world.clock.now() };
    for (const listener of listeners) listener();
  };
  kept.onChange(onChange);
  const close = async (): Promise<void> => {
    await Promise.all([...entrances.map((entrance) => entrance.close()), kept.close()]);
  };
  try {
    for (const forward of plan.forwards) {
      entrances.push(await open(samePort(forward, entrances), kept, { ...plan, onChange }, world));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get facts() {
      return sumUp(kept, entrances, seen);
    },
    entrances,
    onChange: (listener) => void listeners.push(listener),
    close,
  };
}

/** What has any port over there has the one that was found here: a registry has one name on both sides. */
function samePort(forward: Forward, [first]: readonly Entrance[]): Forward {
  const { side, from } = forward;
  if (side === "here" || from.kind === "unix" || from.port !== 0 || first?.at.kind !== "tcp") return forward;
  return { ...forward, from: { ...from, port: first.at.port } };
}

async function open(
  forward: Forward,
  kept: KeptConnection,
  plan: TunnelPlan & { readonly onChange: () => void },
  world: OpenTunnelWorld,
): Promise<Entrance> {
  const { holdMs = usualHoldMs, openAtEngine, onChange, onProblem = () => {} } = plan;
  if (forward.side === "here") {
    const dial = (signal: AbortSignal) => dialHeld(kept, forward.to, holdMs, signal);
    return listenHere(forward.from, dial, { listen: world.listenLocally, onProblem });
  }
  if (openAtEngine === undefined) throw new RegctlError("INTERNAL", { what: "no way to the engine's side" });
  return openAtEngine(forward, kept, { holdMs, onChange, onProblem });
}

type Seen = Pick<TunnelFacts, "state" | "since">;

/**
 * The server's connection comes first: nothing gets through without it. Then whatever keeps an entrance over there from
 * listening, since docker finds nothing at its localhost meanwhile. Pure.
 */
function stateOf(kept: KeptConnection, entrances: readonly Entrance[]): TunnelState {
  if (kept.state !== "up") return kept.state;
  const away = entrances.find(({ problem }) => problem !== null);
  if (away === undefined) return "up";
  if (isRegctlError(away.problem, "PORT_HELD")) return "waiting-for-old-listener";
  return away.link?.state === "failed" ? "failed" : "reconnecting";
}

function sumUp(kept: KeptConnection, entrances: readonly Entrance[], seen: Seen): TunnelFacts {
  const sum = (pick: (entrance: Entrance) => number): number =>
    entrances.reduce((total, entrance) => total + pick(entrance), 0);
  return {
    ...seen,
    connected: kept.state === "up",
    reconnects: kept.reconnects + sum(({ link }) => link?.reconnects ?? 0),
    problem: kept.problem ?? entrances.find(({ problem }) => problem !== null)?.problem ?? null,
    bytesUp: sum(({ traffic }) => traffic.bytesUp),
    bytesDown: sum(({ traffic }) => traffic.bytesDown),
    open: sum(({ traffic }) => traffic.open),
  };
}

import { isRegctlError, RegctlError } from "../errors.ts";
import { listenHere } from "./entrance-here.ts";
import { dialHeld } from "./held-dial.ts";
import { type ConnectOnce, type KeepOptions, type KeepWorld, keepConnection } from "./kept-connection.ts";
import type { ListenLocally } from "./listener.ts";
import type { Entrance, Forward, KeptConnection, RunningTunnel, TunnelFacts } from "./tunnel.ts";

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
  const onChange = (): void => {
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
      return sumUp(kept, entrances);
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

function sumUp(kept: KeptConnection, entrances: readonly Entrance[]): TunnelFacts {
  const { since, reconnects } = kept;
  const problem = kept.problem ?? entrances.find((entrance) => entrance.problem !== null)?.problem ?? null;
  const waits = kept.state === "up" && isRegctlError(problem, "PORT_HELD");
  const sum = (pick: (entrance: Entrance) => number): number =>
    entrances.reduce((total, entrance) => total + pick(entrance), 0);
  return {
    state: waits ? "waiting-for-old-listener" : kept.state,
    since,
    reconnects,
    problem,
    bytesUp: sum(({ traffic }) => traffic.bytesUp),
    bytesDown: sum(({ traffic }) => traffic.bytesDown),
    open: sum(({ traffic }) => traffic.open),
  };
}

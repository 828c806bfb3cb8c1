/** `regctl tunnel SERVER -- COMMAND`: a tunnel for one command, whose streams, signals and exit code are its own. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { Emit, Environment } from "../ports.ts";
import { type JoinedTunnel, openForOneCall } from "./for-one-call.ts";
import { identifyTunnel } from "./prepare-tunnel.ts";
import type { TunnelRequest } from "./request.ts";
import { findTunnel } from "./running-tunnels.ts";
import type { TunnelWorld } from "./world.ts";

/** A program at this process's own streams. `exited` rejects when it could not be started. */
export interface InFront {
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

export type RunInFront = (
  argv: readonly string[],
  env: Environment,
) => InFront & {
  /** Signals of the numbers that a shell adds 128 to. */ readonly numbers: Readonly<Record<string, number>>;
};

export interface HoldWorld extends TunnelWorld {
  runInFront(): Promise<RunInFront>;
  /** From then on signals come here instead of ending this process. */
  onSignal(listener: (signal: NodeJS.Signals) => void): void;
  /** The terminal sends Ctrl-C to COMMAND by itself. */
  readonly atTerminal: boolean;
}

/**
 * Opens the tunnel. The function that comes back starts COMMAND and resolves to its exit code.
 * @throws RegctlError TUNNEL_COMMAND: it was not started
 */
export async function holdForCommand(
  request: TunnelRequest,
  command: readonly string[],
  world: HoldWorld,
): Promise<() => Promise<number>> {
  const [program = ""] = command;
  if (program === "") {
    const type = "regctl tunnel SERVER -- COMMAND";
    throw new RegctlError("USAGE", { problem: 'no command stands behind "--"', type });
  }
  const tunnel = await join(request, world).catch((error: unknown) => {
    throw notStarted(program, error);
  });
  return async () => {
    try {
      return await run(command, tunnel.registry, world);
    } finally {
      await tunnel.close();
    }
  };
}

/** One that runs already, where it is the one that is meant. */
async function join(request: TunnelRequest, world: HoldWorld): Promise<JoinedTunnel> {
  const plain = request.to === null && request.localPort === null && request.forwards.length === 0;
  const { name, server } = await identifyTunnel(request, world);
  const found = plain && request.bind === null ? await findTunnel(name, world) : null;
  // A name may be another server's, too.
  if (found?.registry == null || found.server !== server) {
    return await openForOneCall(request, world, tellOnlyTrouble(world.emit));
  }
  return { registry: found.registry, close: async () => {} };
}

async function run(command: readonly string[], registry: string, world: HoldWorld): Promise<number> {
  const start = await world.runInFront();
  try {
    const { exited, kill, numbers } = start(command, { REGCTL_REGISTRY: registry });
    world.onSignal((signal) => {
      if (signal !== "SIGINT" || !world.atTerminal) kill(signal);
    });
    const { code, signal } = await exited;
    return code ?? 128 + (numbers[signal ?? ""] ?? 0);
  } catch (error) {
    throw notStarted(command[0] ?? "", error);
  }
}

function notStarted(command: string, error: unknown): unknown {
  if (isRegctlError(error, "INTERRUPTED")) return error;
  if (isRegctlError(error)) {
    const { message: problem, remedies } = explain(error);
    return new RegctlError("TUNNEL_COMMAND", { command, problem, remedies }, { cause: error });
  }
  const problem = error instanceof Error ? `${error.message}.` : String(error);
  const remedies = [`command -v ${command}`];
  return new RegctlError("TUNNEL_COMMAND", { command, problem, remedies }, { cause: error });
}

/** The terminal is COMMAND's: of the tunnel it shows that it is away, and that it is back. */
function tellOnlyTrouble(emit: Emit): Emit {
  let trouble = false;
  return (event) => {
    if (event.event !== "tunnel" || !event.changed) return;
    const { host, state, problem } = event;
    if (state !== "up") {
      trouble = true;
      emit({
        event: "warning",
        host,
        warning: `the tunnel is ${state}${problem === null ? "" : `: ${problem}`}`,
      });
    } else if (trouble) {
      trouble = false;
      emit({ event: "note", host, note: "the tunnel is up again" });
    }
  };
}

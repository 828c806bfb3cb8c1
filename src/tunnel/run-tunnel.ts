/** `regctl tunnel`: found by others while it runs, stopped by a signal or by one of them. */
import { RegctlError } from "../errors.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { ProgressEvent } from "../ports.ts";
import { exitCodeAfter } from "../service/exit-code.ts";
import type { LogFile } from "../service/log.ts";
import { isHealthy } from "./check-registry.ts";
import { renderTo } from "./find-registry.ts";
import { identifyTunnel, prepareTunnel, type Secrets, type TunnelIdentity } from "./prepare-tunnel.ts";
import type { TunnelRequest } from "./request.ts";
import { rememberTunnel, type StartedTunnel, startTunnel } from "./start-tunnel.ts";
import { watchTunnel } from "./tell-tunnel.ts";
import type { TunnelState } from "./tunnel.ts";
import { answerTunnelControl } from "./tunnel-control.ts";
import type { StartedBy, TunnelItem, TunnelOutcome } from "./tunnel-outcome.ts";
import { claimName, logPath } from "./tunnel-place.ts";
import type { TunnelWorld } from "./world.ts";

export interface RunOptions {
  readonly startedBy: StartedBy;
  readonly secrets: Secrets;
}

export interface TunnelRun {
  readonly outcome: TunnelOutcome;
  /** Tells from then on how it does, and resolves to the exit code when it has stopped. */
  readonly running: () => Promise<number>;
}

/** Twice as much is kept: the file and the one before it. */
const logBytes = 1024 * 1024;

/** In this process. @throws RegctlError TUNNEL_RUNS, and as `prepareTunnel` and `startTunnel` */
export async function runTunnel(
  request: TunnelRequest,
  options: RunOptions,
  world: TunnelWorld,
): Promise<TunnelRun> {
  const identity = await identifyTunnel(request, world);
  const stopping = new AbortController();
  const stopped = Promise.withResolvers<void>();
  const log = await world.openLogFile(logPath(identity.name, world), logBytes);
  const told: TunnelWorld = {
    ...world,
    emit: (event) => {
      world.emit(event);
      writeLog(log, event, world);
    },
    signal: AbortSignal.any([world.signal, stopping.signal]),
  };
  const shown = new ShownTunnel(identity, request, options.startedBy, told);
  const control = await claimName(
    identity.name,
    answerTunnelControl({
      item: () => shown.item(),
      look: () => shown.look(),
      stop: async () => {
        stopping.abort(new RegctlError("INTERRUPTED", { signal: "SIGTERM" }));
        await stopped.promise;
      },
    }),
    world,
  ).catch((error: unknown) => {
    log.close();
    throw error;
  });
  const end = async (): Promise<void> => {
    await control.close();
    stopped.resolve();
    log.close();
  };
  try {
    const started = await start(request, identity, options, told);
    shown.started = started;
    const outcome = { items: [await shown.look()] };
    return { outcome, running: () => stay(started, told).finally(end) };
  } catch (error) {
    told.emit({ event: "trace", host: identity.server, trace: explain(toRegctlError(error)).message });
    await end();
    throw error;
  }
}

async function start(
  request: TunnelRequest,
  identity: TunnelIdentity,
  { secrets }: RunOptions,
  world: TunnelWorld,
): Promise<StartedTunnel> {
  const prepared = await prepareTunnel(request, identity, secrets, world);
  try {
    const started = await startTunnel(request, prepared, world);
    await rememberTunnel(started, world);
    return started;
  } catch (error) {
    await prepared.discard();
    throw error;
  }
}

async function stay(started: StartedTunnel, world: TunnelWorld): Promise<number> {
  const unwatch = watchTunnel(started, world);
  const { signal } = world;
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  unwatch();
  world.emit({ event: "note", host: started.server, note: "stopping the tunnel" });
  await started.tunnel.close();
  return exitCodeAfter(signal);
}

/** What others see of it. */
class ShownTunnel {
  started: StartedTunnel | null = null;
  readonly #identity: TunnelIdentity;
  readonly #request: TunnelRequest;
  readonly #startedBy: StartedBy;
  readonly #world: TunnelWorld;
  readonly #startedAt: string;
  #healthy = false;

  constructor(identity: TunnelIdentity, request: TunnelRequest, startedBy: StartedBy, world: TunnelWorld) {
    this.#identity = identity;
    this.#request = request;
    this.#startedBy = startedBy;
    this.#world = world;
    this.#startedAt = world.clock.now().toISOString();
  }

  item(): TunnelItem {
    const { name, server } = this.#identity;
    const { started } = this;
    const facts = started?.tunnel.facts;
    const state: TunnelState = facts?.state ?? "connecting";
    const problem = facts?.problem ?? null;
    return {
      name,
      server,
      registry: started?.registry ?? null,
      local: started?.local ?? null,
      to: started?.to ?? (this.#request.to === null ? "" : renderTo(this.#request.to)),
      state,
      healthy: this.#healthy && facts?.connected === true,
      since: facts?.since.toISOString() ?? this.#startedAt,
      startedAt: this.#startedAt,
      startedBy: this.#startedBy,
      pid: this.#world.pid,
      bytesUp: facts?.bytesUp ?? 0,
      bytesDown: facts?.bytesDown ?? 0,
      reconnects: facts?.reconnects ?? 0,
      problem: problem === null ? null : explain(problem).message,
      forwards: started?.forwards ?? [],
      engine: started?.engine ?? null,
      log: logPath(name, this.#world),
    };
  }

  async look(): Promise<TunnelItem> {
    const { registry } = this.item();
    // While it connects again the question would be held like everybody's.
    const asks = registry !== null && this.started?.tunnel.facts.connected === true;
    this.#healthy = asks && (await isHealthy(registry, this.#request.trust, this.#world));
    return this.item();
  }
}

function writeLog(log: LogFile, event: ProgressEvent, { clock }: Pick<TunnelWorld, "clock">): void {
  const text = logText(event);
  if (text !== null) log.write(`${clock.now().toISOString()} ${text.replaceAll(/\p{Cc}/gu, "?")}\n`);
}

/** Null for what nobody looks for afterwards. */
function logText(event: ProgressEvent): string | null {
  switch (event.event) {
    case "note":
      return event.note;
    case "warning":
      return `warning: ${event.warning}`;
    case "trace":
      return event.trace;
    case "step":
      return event.step;
    case "tunnel":
      return event.changed ? `${event.state}${event.problem === null ? "" : `: ${event.problem}`}` : null;
    default:
      return null;
  }
}

/** A tunnel for as long as one command runs: the one that is there, or one of its own. */

import { noEngineHost } from "./engine-side.ts";
import { identifyTunnel, noSecrets, prepareTunnel } from "./prepare-tunnel.ts";
import { parseTunnelRequest, type TunnelRequest } from "./request.ts";
import { findTunnel } from "./running-tunnels.ts";
import { rememberTunnel, startTunnel } from "./start-tunnel.ts";
import { watchTunnel } from "./tell-tunnel.ts";
import type { TunnelWorld } from "./world.ts";

export interface JoinedTunnel {
  /** HOST:PORT. */
  readonly registry: string;
  close(): Promise<void>;
}

/** For `--tunnel [USER@]SERVER`. @throws RegctlError as `prepareTunnel` and `startTunnel` */
export async function joinTunnel(server: string, world: TunnelWorld): Promise<JoinedTunnel> {
  const found = await findTunnel(server, world);
  if (found?.registry != null) {
    const note = `goes through the tunnel ${found.name}, as ${found.registry}`;
    world.emit({ event: "note", note });
    return { registry: found.registry, close: async () => {} };
  }
  // What asks is regctl itself, which is here.
  return await openForOneCall(parseTunnelRequest(server, { "engine-host": noEngineHost }), world);
}

/** One of its own, which nobody else finds. */
export async function openForOneCall(request: TunnelRequest, world: TunnelWorld): Promise<JoinedTunnel> {
  const identity = await identifyTunnel(request, world);
  const prepared = await prepareTunnel(request, identity, noSecrets, world);
  try {
    const started = await startTunnel(request, prepared, world);
    // Several calls at once have several ports: the usual one stays what it is.
    if (identity.record === null) await rememberTunnel(started, world);
    const quiet = { ...world, emit: tellOnlyTrouble(world) };
    const unwatch = watchTunnel(started, quiet);
    return {
      registry: started.registry,
      close: async () => {
        unwatch();
        await started.tunnel.close();
      },
    };
  } catch (error) {
    await prepared.discard();
    throw error;
  }
}

/** The command has lines of its own: of the tunnel it shows that it is away, and that it is back. */
function tellOnlyTrouble({ emit }: Pick<TunnelWorld, "emit">): TunnelWorld["emit"] {
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

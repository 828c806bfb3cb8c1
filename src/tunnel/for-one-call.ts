/** A tunnel for as long as one command runs: the one that is there, or one of its own. */

import type { Emit } from "../ports.ts";
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
  const request = parseTunnelRequest(server, { "engine-host": noEngineHost });
  return await openForOneCall(request, world, world.emit);
}

/** One of its own, which nobody else finds. `tell` hears how it does from then on. */
export async function openForOneCall(
  request: TunnelRequest,
  world: TunnelWorld,
  tell: Emit,
): Promise<JoinedTunnel> {
  const identity = await identifyTunnel(request, world);
  const prepared = await prepareTunnel(request, identity, noSecrets, world);
  try {
    const started = await startTunnel(request, prepared, world);
    // Several calls at once have several ports: the usual one stays what it is.
    if (identity.record === null) await rememberTunnel(started, world);
    const unwatch = watchTunnel(started, { clock: world.clock, emit: tell });
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

/** The registries that tunnels of this user lead to at the moment. */
import type { ControlSockets } from "../service/control.ts";
import { listServices } from "../service/running.ts";
import type { ServiceWorld } from "../service/world.ts";

export interface LiveTunnelsWorld extends ServiceWorld {
  readonly signal: AbortSignal;
  controlSockets(): Promise<ControlSockets>;
}

const answerMs = 2000;

/** Local addresses, `localhost:5000`. A tunnel that does not answer leads nowhere. */
export async function readLiveTunnels(world: LiveTunnelsWorld): Promise<readonly string[]> {
  const services = await listServices("tunnel", world);
  if (services.length === 0) return [];
  const sockets = await world.controlSockets();
  const answers = await Promise.all(
    services.map(({ socket }) =>
      sockets.ask(socket, { ask: "who" }, { signal: world.signal, timeoutMs: answerMs }).catch(() => null),
    ),
  );
  return answers.flatMap((answer) => {
    if (typeof answer !== "object" || answer === null || !("registry" in answer)) return [];
    return typeof answer.registry === "string" ? [answer.registry] : [];
  });
}

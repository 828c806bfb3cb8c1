/** Where a tunnel of a name has its socket and its log, and who has the name. */
import { posix } from "node:path";
import { withLock } from "../config/lock.ts";
import { userPaths } from "../config/paths.ts";
import { RegctlError } from "../errors.ts";
import type { ControlAnswer, ControlListener } from "../service/control.ts";
import { listServices, ownFolder, serviceId, socketPath } from "../service/running.ts";
import type { TunnelWorld } from "./world.ts";

const answerMs = 2000;

export function logPath(name: string, world: Pick<TunnelWorld, "environment" | "home" | "maySave">): string {
  return posix.join(ownFolder(world), `tunnel.${serviceId(name)}.log`);
}

/** What `who` answers. */
interface Who {
  readonly pid: number;
  readonly registry: string | null;
}

/**
 * Listens for others under this name. Two that start at once meet at a lock, and one of them gets it.
 * @throws RegctlError TUNNEL_RUNS, LOCKED
 */
export async function claimName(
  name: string,
  answer: ControlAnswer,
  world: TunnelWorld,
): Promise<ControlListener> {
  const { state } = userPaths(world.environment, world.home);
  const sockets = await world.controlSockets();
  return await withLock(posix.join(state, "tunnels.lock"), world.clock, async () => {
    await assertNameFree(name, world);
    const path = socketPath(ownFolder(world), "tunnel", serviceId(name), world.pid);
    return await sockets.listen(path, answer);
  });
}

/** Takes away what a dead one has left. @throws RegctlError TUNNEL_RUNS */
export async function assertNameFree(name: string, world: TunnelWorld): Promise<void> {
  const sockets = await world.controlSockets();
  const id = serviceId(name);
  for (const service of (await listServices("tunnel", world)).filter((each) => each.id === id)) {
    const options = { signal: world.signal, timeoutMs: answerMs };
    const who = await sockets.ask(service.socket, { ask: "who" }, options);
    if (who === null) {
      await world.files.remove(service.socket);
      continue;
    }
    // Both ends are this program.
    const { pid, registry } = who as Who;
    throw new RegctlError("TUNNEL_RUNS", { name, pid, registry });
  }
}

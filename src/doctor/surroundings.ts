/** What runs on this machine that has to do with registries: servers and tunnels of ours. */
import { listServices } from "../service/running.ts";
import { readRecords } from "../tunnel/records.ts";
import type { TunnelLook } from "./facts.ts";
import type { DoctorWorld } from "./world.ts";

export interface Surroundings {
  readonly servers: readonly string[];
  readonly tunnels: readonly TunnelLook[];
}

const answerMs = 2_000;

export async function readSurroundings(world: DoctorWorld): Promise<Surroundings> {
  const [servers, live, remembered] = await Promise.all([
    askAll("serve", world),
    askAll("tunnel", world),
    // What cannot be read is told by the commands that need it.
    readRecords(world).catch(() => ({})),
  ]);
  const tunnels = live.flatMap(tunnelOf);
  const known = new Set(tunnels.map(({ name }) => name));
  const stopped = Object.entries(remembered)
    .filter(([name]) => !known.has(name))
    .map(([name, { server, to, port }]) => ({
      name,
      server,
      to,
      local: `localhost:${port}`,
      state: null,
      healthy: false,
    }));
  return {
    servers: servers.flatMap(({ url }) => (typeof url === "string" ? [url] : [])),
    tunnels: [...tunnels, ...stopped],
  };
}

type Answer = Readonly<Record<string, unknown>>;

async function askAll(kind: "serve" | "tunnel", world: DoctorWorld): Promise<readonly Answer[]> {
  const services = await listServices(kind, world);
  if (services.length === 0) return [];
  const sockets = await world.controlSockets();
  const options = { signal: world.signal, timeoutMs: answerMs, tell: () => {} };
  const answers = await Promise.all(
    services.map(({ socket }) => sockets.ask(socket, { ask: "status" }, options).catch(() => null)),
  );
  return answers.flatMap((answer) =>
    typeof answer === "object" && answer !== null ? [answer as Answer] : [],
  );
}

function tunnelOf({ name, server, to, registry, local, state, healthy }: Answer): readonly TunnelLook[] {
  const here = typeof registry === "string" ? registry : local;
  if (typeof name !== "string" || typeof here !== "string" || typeof state !== "string") return [];
  return [{ name, server: String(server), to: String(to), local: here, state, healthy: healthy === true }];
}

/** The first half of starting a tunnel: connected, whatever had to be asked is answered, and the registry is found. */
import type { Destination } from "../ports.ts";
import type { SshConnection } from "../ssh/connection.ts";
import { type EngineLanding, prepareLanding } from "./engine-landing.ts";
import { findRegistry, renderTo } from "./find-registry.ts";
import { parseDestination } from "./forward-argument.ts";
import type { ConnectOnce } from "./kept-connection.ts";
import { readRecords, type TunnelRecord } from "./records.ts";
import { type KeptAnswer, rememberAnswers } from "./remembered-answers.ts";
import { serverName, type TunnelRequest } from "./request.ts";
import type { TunnelWorld } from "./world.ts";

/** What a tunnel in the background is given: from a person who answered, or from the environment. */
export interface Secrets {
  readonly answers: readonly KeptAnswer[];
  /** REGCTL_SSH_PASSWORD. */
  readonly password: string | null;
}

export const noSecrets: Secrets = { answers: [], password: null };

/** Who is meant, before anybody is asked. */
export interface TunnelIdentity {
  readonly name: string;
  readonly server: string;
  /** Of last time. */
  readonly record: TunnelRecord | null;
}

export interface PreparedTunnel extends TunnelIdentity {
  readonly to: Destination;
  /** The engine's side of it. */
  readonly landing: EngineLanding;
  /** The first time the connection that there is; then a new one, with nobody asked. */
  readonly connect: ConnectOnce;
  /** As they stand now. */
  secrets(): Secrets;
  /** Ends the connection when nobody took it. */
  discard(): Promise<void>;
}

const usual: Destination = { kind: "tcp", host: "localhost", port: 5000 };

export async function identifyTunnel(request: TunnelRequest, world: TunnelWorld): Promise<TunnelIdentity> {
  const [target, records] = await Promise.all([world.sshTarget(request.spec), readRecords(world)]);
  const server = serverName(target);
  const name = request.name ?? server;
  // A name that was another server's says nothing about this one.
  const record = records[name]?.server === server ? records[name] : null;
  return { name, server, record: record ?? null };
}

/** @throws RegctlError SSH_*, TUNNEL_NO_REGISTRY, MISSING_ANSWER */
export async function prepareTunnel(
  request: TunnelRequest,
  identity: TunnelIdentity,
  given: Secrets,
  world: TunnelWorld,
): Promise<PreparedTunnel> {
  const memory = rememberAnswers(world.prompt, given.answers);
  const password = world.environment.REGCTL_SSH_PASSWORD || given.password;
  const environment =
    password === null ? world.environment : { ...world.environment, REGCTL_SSH_PASSWORD: password };
  const open = (timeoutMs: number, signal: AbortSignal): Promise<SshConnection> =>
    world.connectAs(request.spec, { prompt: memory.prompt, environment, signal, timeoutMs });
  world.emit({ event: "step", host: identity.server, step: "connect" });
  let first: SshConnection | null = await open(world.connectTimeoutMs, world.signal);
  try {
    const wanted = request.to ?? rememberedPlace(identity.record) ?? usual;
    const to = await findRegistry(first, wanted, world);
    if (request.to === null && renderTo(to) !== renderTo(usual)) {
      const note = `the registry is at ${renderTo(to)} there`;
      world.emit({ event: "note", host: identity.server, note });
    }
    const { prompt, beginAgain } = memory;
    const { engineHost } = request;
    const server = first.target;
    const landing = await prepareLanding({ engineHost, server, to, prompt, beginAgain }, world);
    return {
      ...identity,
      to,
      landing,
      connect: async ({ timeoutMs, signal }) => {
        const ready = first;
        first = null;
        if (ready !== null) return ready;
        memory.beginAgain();
        return await open(timeoutMs, signal);
      },
      secrets: () => ({ answers: memory.kept(), password }),
      discard: async () => {
        await landing.discard();
        await first?.close();
        first = null;
      },
    };
  } catch (error) {
    await first.close();
    throw error;
  }
}

function rememberedPlace(record: TunnelRecord | null): Destination | null {
  try {
    return record === null ? null : parseDestination(record.to, "--to");
  } catch {
    // Another version has written it.
    return null;
  }
}

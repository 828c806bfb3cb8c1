import { isRegctlError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { PingAnswer } from "../registry/api/ping.ts";
import type { RegistryClient } from "../registry/client.ts";
import { hubRegistry } from "../registry/docker-hub.ts";
import { type Capabilities, probeCapabilities } from "./capabilities.ts";
import { openClient, type TrustFlags } from "./open.ts";
import { chooseRegistry } from "./which-registry.ts";
import type { AccessWorld } from "./world.ts";

export interface PingInput extends TrustFlags {
  readonly registry?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
}

export interface PingOutcome {
  readonly registry: string;
  /** Where its API answers. */
  readonly url: string;
  readonly scheme: "https" | "http";
  /** Its certificate was verified. */
  readonly verified: boolean;
  readonly apiVersion: string | null;
  readonly auth: "none" | "basic" | "bearer";
  /** `missing`: it wants one, and there is none. `refused`: it did not take the one that is stored. */
  readonly login: "not-needed" | "accepted" | "missing" | "refused";
  readonly capabilities: Capabilities;
  /** Of one request on an open connection. */
  readonly latencyMs: number;
}

/** Throws whatever keeps the registry from being reached. */
export async function pingRegistry(input: PingInput, world: AccessWorld): Promise<PingOutcome> {
  const { registry, settings } = await chooseRegistry(input.registry, world);
  world.emit({ event: "step", host: registry, step: "ask" });
  const client = await openClient({ ...input, registry, settings }, world);
  try {
    return await pingClient(client, world);
  } finally {
    await client.close();
  }
}

export async function pingClient(
  client: RegistryClient,
  world: { readonly clock: Clock; readonly random: () => number },
): Promise<PingOutcome> {
  const { access, apiVersion } = await pingOnce(client);
  const login = loginOf(client, access);
  const begin = world.clock.now().getTime();
  await pingOnce(client);
  const latencyMs = Math.max(0, world.clock.now().getTime() - begin);
  return {
    registry: client.registry,
    url: client.base.origin,
    scheme: client.base.protocol === "https:" ? "https" : "http",
    verified: client.verified,
    apiVersion,
    auth: client.auth(),
    login,
    // Docker Hub is known, and its users are counted by requests.
    capabilities:
      client.registry === hubRegistry
        ? { catalog: false, tagPaging: true, delete: false, referrers: false }
        : await probeCapabilities(client, world.random),
    latencyMs,
  };
}

/** A token server that refuses is as telling as a registry that does. */
async function pingOnce(client: RegistryClient): Promise<PingAnswer> {
  try {
    return await client.ping();
  } catch (error) {
    if (isRegctlError(error, "UNAUTHORIZED")) return { access: "refused", apiVersion: null };
    throw error;
  }
}

function loginOf(client: RegistryClient, access: "open" | "refused"): PingOutcome["login"] {
  if (client.auth() === "none") return "not-needed";
  if (client.loginFrom() === null) return access === "open" ? "not-needed" : "missing";
  return access === "open" ? "accepted" : "refused";
}

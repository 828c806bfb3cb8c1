/** From the name of a registry to a client of it, with all that the user has said about it anywhere. */
import type { Settings } from "../config/settings.ts";
import { type ClientOptions, openRegistry, type RegistryClient } from "../registry/client.ts";
import { type FoundCredential, findCredential } from "../registry/credentials.ts";
import { hubRegistry } from "../registry/docker-hub.ts";
import { hostOf } from "../registry/insecure-list.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import { readTrust } from "../registry/trust.ts";
import { isInsecureForEngine } from "./engine-list.ts";
import type { AccessWorld } from "./world.ts";

/** `--insecure`, `--no-insecure` and `--ca` of this call; undefined where nothing was said. */
export interface TrustFlags {
  readonly insecure?: boolean | undefined;
  readonly ca?: string | undefined;
}

export interface OpenInput extends TrustFlags {
  /** HOST[:PORT], as `parseRegistryName` gives it. */
  readonly registry: string;
  readonly settings: Settings;
  readonly timeoutSeconds?: number | undefined;
  /** In place of the one that is stored; null shows none. */
  readonly login?: FoundCredential | null;
  readonly offline?: boolean;
}

/** The caller closes it. Throws as `openRegistry`. */
export async function openClient(input: OpenInput, world: AccessWorld): Promise<RegistryClient> {
  const { registry, settings, timeoutSeconds, offline } = input;
  const recorded = settings.registries?.[registry];
  const ca = input.ca ?? recorded?.ca ?? null;
  // Who names an authority wants it to count, on loopback too.
  const local = ca === null && isLoopbackHost(hostOf(registry));
  const insecure = input.insecure ?? (recorded?.insecure === true || local);
  // Looked up once, however many requests ask.
  let found: Promise<FoundCredential | null> | undefined;
  const stored = () => {
    found ??= findCredential(registry, world);
    return found;
  };
  const { login } = input;
  const mayAskEngine = input.insecure === undefined && registry !== hubRegistry;
  const options: ClientOptions = {
    registry,
    insecure,
    ...(mayAskEngine ? { isInsecureElsewhere: () => isInsecureForEngine(registry, world) } : {}),
    trust: (host, verify) => readTrust({ registry: host, ca: host === registry ? ca : null, verify }, world),
    login: login === undefined ? stored : async () => login,
    openTransport: await world.registryHttp(),
    environment: world.environment,
    userAgent: world.userAgent,
    clock: world.clock,
    random: world.random,
    emit: world.emit,
    signal: world.signal,
    ...(timeoutSeconds === undefined ? {} : { connectTimeoutMs: timeoutSeconds * 1000 }),
    ...(offline === undefined ? {} : { offline }),
  };
  return await openRegistry(options);
}

/** A registry that runs: storage, login, handler and network put together, and taken apart in order. */
import type { Clock, Emit } from "../ports.ts";
import { withAuthentication } from "./auth/authenticate.ts";
import { parseHtpasswd } from "./auth/htpasswd.ts";
import { type ComparePassword, createPasswords, type Passwords } from "./auth/passwords.ts";
import { createTokens } from "./auth/tokens.ts";
import type { DiskStorage } from "./disk/disk-storage.ts";
import { type Identity, type IdentityWorld, openIdentity, readNamed } from "./identity.ts";
import { openKeptStorage, type StorageWorld } from "./kept-storage.ts";
import { type Listening, type ServerNotice, type StartRegistryServer, usualLimits } from "./listener.ts";
import type { Handle } from "./message.ts";
import { createMetrics } from "./metrics.ts";
import { withOperations } from "./operations.ts";
import type { ServeOutcome } from "./outcome.ts";
import { withOwnNames } from "./own-names.ts";
import { createRegistry } from "./registry.ts";
import { isForThisMachine, type ServeSettings } from "./settings.ts";
import { namesOf } from "./tls/names.ts";

export interface RunWorld extends IdentityWorld, StorageWorld {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly pid: number;
  /** Every request, and what went wrong in one. */
  readonly notice: (notice: ServerNotice) => void;
  /** Where the log goes, for the document. */
  readonly log: string | null;
  registryServer(): Promise<StartRegistryServer>;
  comparePassword(): Promise<ComparePassword>;
}

export interface RunningRegistry {
  readonly storage: DiskStorage;
  document(): Promise<ServeOutcome>;
  /** Reads certificate and users again; what cannot be read is told, and stays as it was. */
  reload(): Promise<void>;
  /** Resolves to the number of requests that were cut off after `graceMs`. */
  stop(graceMs: number): Promise<number>;
}

/** How often the end of the certificate is looked at. */
const renewalCheckMs = 6 * 60 * 60 * 1000;

/** @throws RegctlError PORT_HELD, LISTEN_FAILED, STORAGE_LOCKED, STORAGE_FAILED, FILE_FAILED */
export async function runRegistry(settings: ServeSettings, world: RunWorld): Promise<RunningRegistry> {
  const identity = await openIdentity(settings.tls, settings.listen, world);
  const passwords = await openPasswords(settings, world);
  const startServer = await world.registryServer();
  const names = namesOf(settings.listen.host, await world.machineNames());
  const storage = await openKeptStorage(settings.storage, { serving: true }, world);
  const state = { stopping: false, identity };
  try {
    const listening = await startServer({
      handle: assembleHandle(settings, { storage, passwords, names, world, ready: () => !state.stopping }),
      listen: settings.listen,
      ...(identity === null ? {} : { tls: identity.identity }),
      limits: usualLimits,
      behindProxy: settings.behindProxy,
      emit: world.notice,
    });
    return control({ settings, world, storage, passwords, listening, state });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

async function openPasswords({ htpasswd }: ServeSettings, world: RunWorld): Promise<Passwords | null> {
  if (htpasswd === null) return null;
  const entries = parseHtpasswd(await readNamed(htpasswd, world.files), htpasswd);
  return createPasswords(entries, await world.comparePassword(), world.clock);
}

interface HandleParts {
  readonly storage: DiskStorage;
  readonly passwords: Passwords | null;
  /** By which this machine is known. */
  readonly names: readonly string[];
  readonly world: RunWorld;
  readonly ready: () => boolean;
}

/** From the inside: the registry, what operators ask, logins, by which names browsers may ask. */
function assembleHandle(settings: ServeSettings, parts: HandleParts): Handle {
  const { storage, passwords, names, world, ready } = parts;
  const { maxBlobBytes, readOnly, metrics, anonymous } = settings;
  const registry = createRegistry({
    storage,
    readOnly,
    ...(maxBlobBytes === null ? {} : { limits: { blobBytes: maxBlobBytes } }),
    onFailure: ({ what, error }) => world.notice({ kind: "problem", what, error }),
  });
  const operated = withOperations(registry, { ready, ...(metrics ? { metrics: createMetrics() } : {}) });
  const tokens = anonymous === "pull" ? createTokens(world.clock) : null;
  const guarded = passwords === null ? operated : withAuthentication(operated, { passwords, tokens });
  return isForThisMachine(settings) ? withOwnNames(guarded, names) : guarded;
}

interface Parts {
  readonly settings: ServeSettings;
  readonly world: RunWorld;
  readonly storage: DiskStorage;
  readonly passwords: Passwords | null;
  readonly listening: Listening;
  readonly state: { stopping: boolean; identity: Identity | null };
}

function control(parts: Parts): RunningRegistry {
  const { world, storage, listening, state } = parts;
  const startedAt = world.clock.now();
  const renewal = setInterval(() => void renew(parts), renewalCheckMs);
  renewal.unref();
  return {
    storage,
    document: () => describe(parts, startedAt),
    reload: () => reload(parts),
    stop: async (graceMs) => {
      state.stopping = true;
      clearInterval(renewal);
      const cut = await listening.close({ graceMs });
      await storage.close();
      return cut;
    },
  };
}

async function describe(
  { settings, world, storage, listening, state }: Parts,
  startedAt: Date,
): Promise<ServeOutcome> {
  const { authority, expires } = state.identity ?? {};
  const { hostname } = await world.machineNames();
  return {
    ...placeOf(listening, hostname),
    storage: settings.storage,
    pid: world.pid,
    ...(await storage.statistics()),
    startedAt: startedAt.toISOString(),
    auth: settings.htpasswd === null ? "none" : "htpasswd",
    anonymous: settings.htpasswd === null ? "all" : settings.anonymous,
    readOnly: settings.readOnly,
    tls:
      expires === undefined
        ? null
        : {
            ca: authority?.caPath ?? null,
            fingerprint: authority?.fingerprint ?? null,
            expires: expires.toISOString(),
          },
    log: world.log,
  };
}

/** Listening everywhere, it is reached here by the loopback address and from elsewhere by this machine's name. */
function placeOf(
  { url, address, port }: Listening,
  hostname: string,
): Pick<ServeOutcome, "url" | "registry" | "listen"> {
  const { protocol, host } = new URL(url);
  // A URL leaves out the usual port of its scheme.
  const listen = `${host.replace(/:\d+$/, "")}:${port}`;
  const everywhere = address === "0.0.0.0" || address === "::";
  if (!everywhere) return { url, registry: listen, listen };
  const here = address === "::" ? "[::1]" : "127.0.0.1";
  return { url: `${protocol}//${here}:${port}`, registry: `${hostname.toLowerCase()}:${port}`, listen };
}

async function reload(parts: Parts): Promise<void> {
  const { settings, world, passwords } = parts;
  const { emit } = world;
  const path = settings.htpasswd;
  const results = [
    await told(emit, "The certificate was not read again", () => renewIdentity(parts)),
    await told(emit, "The users were not read again", async () => {
      if (path === null || passwords === null) return;
      passwords.replace(parseHtpasswd(await readNamed(path, world.files), path));
    }),
  ];
  if (!results.includes(false)) emit({ event: "note", note: "read again: certificate and users" });
}

async function renewIdentity({ settings, world, listening, state }: Parts): Promise<void> {
  const identity = await openIdentity(settings.tls, settings.listen, world);
  if (identity === null) return;
  listening.useIdentity(identity.identity);
  state.identity = identity;
}

async function renew(parts: Parts): Promise<void> {
  const { world, state } = parts;
  const renewAt = state.identity?.renewAt;
  if (!renewAt || renewAt > world.clock.now()) return;
  await told(world.emit, "The certificate was not renewed", () => renewIdentity(parts));
}

/** A server goes on with what it has. False: it could not be done. */
async function told(emit: Emit, what: string, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    emit({ event: "warning", warning: `${what}: ${error instanceof Error ? error.message : String(error)}` });
    return false;
  }
}

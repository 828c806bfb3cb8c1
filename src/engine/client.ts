import { isRegctlError } from "../errors.ts";
import { compareApiVersions, daemonEventsApiVersion, distributionApiVersion } from "./api-version.ts";
import { CarrierError, type Dial, type EngineCarrier, type OpenHttp } from "./carrier.ts";
import {
  type ContainerProcess,
  type EngineContainer,
  type EngineInfo,
  type EngineVersion,
  lastReloadOf,
  parseContainerProcess,
  parseContainers,
  parseInfo,
} from "./engine-info.ts";
import { openHttpCarrier } from "./http-carrier.ts";
import { type EngineImages, imagesOf } from "./images.ts";
import { parseJson } from "./lenient-json.ts";
import type { ProbeAnswer } from "./probe.ts";
import { type EngineName, EngineSession, messageIn } from "./session.ts";

/**
 * One engine. Each method throws ENGINE_UNREACHABLE when no answer comes in time and ENGINE_ERROR when the
 * engine refuses.
 */
export interface Engine extends EngineName {
  /** `apiVersion` is the engine's newest; null when it is too old to say it here. */
  ping(options?: { timeoutMs?: number }): Promise<{ readonly apiVersion: string | null }>;
  /** What requests are sent with: the older of ours and the engine's. */
  apiVersion(): Promise<string>;
  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;
  /** The running ones. */
  containers(): Promise<readonly EngineContainer[]>;
  /** Null when there is no such container. */
  containerProcess(id: string): Promise<ContainerProcess | null>;
  /**
   * Makes the engine itself ask a registry for `reference` (HOST/NAME:TAG), without credentials. Every answer is
   * a result, to be judged by `judgeProbe`; status 0 when the engine cannot ask or is silent for `timeoutMs`.
   */
  probeRegistry(reference: string, timeoutMs: number): Promise<ProbeAnswer>;
  /**
   * When the engine last loaded its file by signal: seconds since 1970. `now` is the same by the clock of the
   * engine's host and must not be ahead of it. Null when it never did since its start, or cannot say.
   */
  lastReload(now: number): Promise<number | null>;
  close(): Promise<void>;
}

/** An engine whose images are wanted, too. */
export interface ImageEngine extends Engine {
  readonly images: EngineImages;
}

/** An engine over connections that `dial` opens. */
export function openEngine(dial: Dial, openHttp: OpenHttp, name: EngineName): ImageEngine {
  return createEngine(openHttpCarrier(dial, openHttp), name);
}

/** An engine behind any carrier. Nothing is sent before the first method is called. */
export function createEngine(carrier: EngineCarrier, name: EngineName): ImageEngine {
  const session = new EngineSession(carrier, name);
  return {
    ...name,
    ping: async (options) => ({ apiVersion: await session.ping(options) }),
    apiVersion: () => session.apiVersion(),
    version: () => session.version(),
    info: () => readInfo(session),
    containers: async () =>
      parseContainers(await session.getJson(await session.versioned("/containers/json"))),
    containerProcess: (id) => readContainerProcess(session, id),
    probeRegistry: (reference, timeoutMs) => askRegistry(session, reference, timeoutMs),
    lastReload: (now) => readLastReload(session, now),
    images: imagesOf(session),
    close: () => session.close(),
  };
}

async function readInfo(session: EngineSession): Promise<EngineInfo> {
  const info = parseInfo(await session.getJson(await session.versioned("/info")));
  if (info.serverVersion !== "") return info;
  // Engines before 1.10 leave it to /version.
  return { ...info, serverVersion: (await session.version()).version };
}

async function readContainerProcess(session: EngineSession, id: string): Promise<ContainerProcess | null> {
  try {
    const path = await session.versioned(`/containers/${encodeURIComponent(id)}/json`);
    return parseContainerProcess(await session.getJson(path));
  } catch (error) {
    if (isRegctlError(error, "ENGINE_ERROR") && error.facts.status === 404) return null;
    throw error;
  }
}

async function askRegistry(
  session: EngineSession,
  reference: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const spoken = await session.apiVersion();
  if (compareApiVersions(spoken, distributionApiVersion) < 0) {
    return { status: 0, message: `the engine's API ${spoken} cannot ask a registry` };
  }
  try {
    const path = `/v${spoken}/distribution/${encodeReference(reference)}/json`;
    const response = await session.ask(path, { timeoutMs });
    return { status: response.status, message: messageIn(response) };
  } catch (error) {
    // A registry that swallows packets keeps the engine waiting: that says nothing against the engine.
    if (error instanceof CarrierError && error.timedOut) return { status: 0, message: error.message };
    throw session.unreachable(error);
  }
}

/** Keeps what the route needs as it is: the slashes, the port's and the tag's colon, the digest's at sign. */
function encodeReference(reference: string): string {
  return encodeURIComponent(reference).replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%40/g, "@");
}

async function readLastReload(session: EngineSession, now: number): Promise<number | null> {
  const spoken = await session.apiVersion();
  if (compareApiVersions(spoken, daemonEventsApiVersion) < 0) return null;
  const filters = encodeURIComponent(JSON.stringify({ type: ["daemon"], event: ["reload"] }));
  const path = `/v${spoken}/events?since=0&until=${Math.floor(now)}&filters=${filters}`;
  const response = await session.get(path);
  return lastReloadOf(response.body.toString("utf8").split("\n").map(parseJson));
}

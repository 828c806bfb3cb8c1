/** What an engine says of itself, from its JSON. Pure; field names by the Engine API of 1.18 to 1.51. */
import { listOf, numberOf, objectOf, textOf, textsOf, truthOf } from "./lenient-json.ts";

export interface EngineVersion {
  /** Of the engine, e.g. "20.10.24+dfsg1". */
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
  readonly os: string;
  readonly architecture: string;
  /** Names of the parts, e.g. "Engine", "containerd", "Podman Engine". */
  readonly components: readonly string[];
}

/** A registry as the engine's index configuration names it. */
export interface EngineIndex {
  readonly registry: string;
  readonly secure: boolean;
  readonly mirrors: readonly string[];
}

export interface EngineInfo {
  readonly serverVersion: string;
  readonly operatingSystem: string;
  readonly osType: string;
  readonly name: string;
  readonly rootDir: string;
  readonly securityOptions: readonly string[];
  readonly liveRestore: boolean;
  readonly containersRunning: number;
  /** "active" in a swarm; "inactive" or "" outside. */
  readonly swarmState: string;
  readonly insecureCidrs: readonly string[];
  readonly indexes: readonly EngineIndex[];
  readonly mirrors: readonly string[];
  readonly driver: string;
  readonly driverStatus: readonly (readonly [name: string, value: string])[];
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
  readonly labels: readonly string[];
  /** The engine's clock, RFC 3339; "" when it does not say. */
  readonly systemTime: string;
}

export interface EngineContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly names: readonly string[];
  readonly image: string;
}

export interface ContainerProcess {
  /** On the engine's host; 0 when it does not run. */
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
}

export function parseVersion(value: unknown): EngineVersion {
  const version = objectOf(value);
  return {
    version: textOf(version.Version),
    apiVersion: textOf(version.ApiVersion),
    minApiVersion: textOf(version.MinAPIVersion),
    os: textOf(version.Os),
    architecture: textOf(version.Arch),
    components: listOf(version.Components)
      .map((component) => textOf(objectOf(component).Name))
      .filter((name) => name !== ""),
  };
}

export function parseInfo(value: unknown): EngineInfo {
  const info = objectOf(value);
  const registries = objectOf(info.RegistryConfig);
  return {
    serverVersion: textOf(info.ServerVersion),
    operatingSystem: textOf(info.OperatingSystem),
    osType: textOf(info.OSType),
    name: textOf(info.Name),
    rootDir: textOf(info.DockerRootDir),
    securityOptions: textsOf(info.SecurityOptions),
    liveRestore: truthOf(info.LiveRestoreEnabled),
    containersRunning: numberOf(info.ContainersRunning),
    swarmState: textOf(objectOf(info.Swarm).LocalNodeState),
    insecureCidrs: textsOf(registries.InsecureRegistryCIDRs),
    indexes: parseIndexes(registries.IndexConfigs),
    mirrors: textsOf(registries.Mirrors),
    driver: textOf(info.Driver),
    driverStatus: listOf(info.DriverStatus).flatMap(parsePair),
    httpProxy: textOf(info.HttpProxy),
    httpsProxy: textOf(info.HttpsProxy),
    noProxy: textOf(info.NoProxy),
    labels: textsOf(info.Labels),
    systemTime: textOf(info.SystemTime),
  };
}

function parseIndexes(value: unknown): readonly EngineIndex[] {
  return Object.entries(objectOf(value)).map(([registry, index]) => ({
    registry,
    secure: truthOf(objectOf(index).Secure),
    mirrors: textsOf(objectOf(index).Mirrors),
  }));
}

function parsePair(value: unknown): readonly (readonly [string, string])[] {
  const [name, text] = listOf(value);
  return typeof name === "string" && typeof text === "string" ? [[name, text]] : [];
}

/** The CIDRs and names that the engine would talk to without a verified certificate, as it lists them. */
export function insecureRegistriesOf(info: Pick<EngineInfo, "insecureCidrs" | "indexes">): readonly string[] {
  const names = info.indexes.filter((index) => !index.secure).map((index) => index.registry);
  return [...info.insecureCidrs, ...names];
}

export function isRootless(info: Pick<EngineInfo, "securityOptions">): boolean {
  return info.securityOptions.some((option) => option.split(",").includes("name=rootless"));
}

export function isPodman({ components }: Pick<EngineVersion, "components">): boolean {
  return components.some((name) => /podman/i.test(name));
}

/** Its images live in containerd's store: what `docker load` takes and image ids differ then. */
export function usesContainerdStore(info: Pick<EngineInfo, "driverStatus">): boolean {
  return info.driverStatus.some(
    ([name, value]) => name === "driver-type" && value.startsWith("io.containerd.snapshotter."),
  );
}

export function parseContainers(value: unknown): readonly EngineContainer[] {
  return listOf(value).map((item) => {
    const container = objectOf(item);
    return {
      id: textOf(container.Id),
      names: textsOf(container.Names).map((name) => name.replace(/^\//, "")),
      image: textOf(container.Image),
    };
  });
}

export function parseContainerProcess(value: unknown): ContainerProcess {
  const state = objectOf(objectOf(value).State);
  return { pid: numberOf(state.Pid), startedAt: textOf(state.StartedAt) };
}

/** Seconds since 1970 of the last reload among a stream of daemon events, one JSON object a line. */
export function lastReloadOf(events: readonly unknown[]): number | null {
  const times = events
    .map(objectOf)
    .filter((event) => event.Type === "daemon" && event.Action === "reload")
    .map((event) => numberOf(event.time));
  return times.length === 0 ? null : Math.max(...times);
}

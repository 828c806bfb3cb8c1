/** What is wrong between an engine and a registry, and what is to be typed. */

import type { TrustFlags } from "../access/open.ts";
import { parseRegistryName } from "../access/registry-name.ts";
import { type ChosenImage, chooseImage } from "../access/which-image.ts";
import { chooseRegistry } from "../access/which-registry.ts";
import { registryHostOf } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { readEndpoint } from "../engine/read-endpoint.ts";
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import { type HostPlace, locateHosts } from "../platform/locate.ts";
import { apiHostOf } from "../registry/docker-hub.ts";
import { hostOf } from "../registry/insecure-list.ts";
import { withDefaultTag } from "../registry/reference.ts";
import { type ExamineInput, examine } from "./examine.ts";
import type { Target } from "./facts.ts";
import { failedBy } from "./finding.ts";
import { type DoctorOutcome, type Examined, outcomeOf } from "./outcome.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";
import type { DoctorWorld } from "./world.ts";

export interface DoctorInput extends TrustFlags {
  /** REG or REFERENCE, as typed. */
  readonly given: string | undefined;
  readonly on: readonly string[];
  readonly cwd: string;
  readonly platform: string | undefined;
  readonly write: boolean;
  readonly timeoutSeconds: number | undefined;
}

export interface Diagnosis {
  readonly outcome: DoctorOutcome;
  readonly examined: readonly Examined[];
}

/** Whoever answers does so within a second; who does not in five, has a fault. */
const usualTimeoutMs = 5_000;

/** Throws BAD_REGISTRY, BAD_REFERENCE, USAGE; what is wrong out there is its result. */
export async function diagnose(input: DoctorInput, world: DoctorWorld): Promise<Diagnosis> {
  const found = readSurroundings(world);
  found.catch(() => {});
  const [{ target, settings }, { places, ...engine }] = await Promise.all([
    chooseTarget(input.given, found, world),
    locate(input, world),
  ]);
  const surroundings = input.on.length === 0 ? await found : nothingAround;
  const { insecure, ca, platform, write } = input;
  const timeoutMs = input.timeoutSeconds === undefined ? usualTimeoutMs : input.timeoutSeconds * 1000;
  const each = { target, settings, insecure, ca, platform, write, timeoutMs, ...surroundings, ...engine };
  const examined = await Promise.all(places.map((place) => examineAt(place, each, world)));
  world.signal.throwIfAborted();
  return { outcome: outcomeOf(target?.registry ?? null, examined), examined };
}

/** What runs on this machine leads nowhere from another host. */
const nothingAround: Surroundings = { servers: [], tunnels: [] };

interface Located {
  readonly places: readonly HostPlace[];
  /** What names the engine, such as `DOCKER_HOST`; null where it is the usual one. */
  readonly namedBy: string | null;
  /** Its address, where nothing else is known of it. */
  readonly elsewhere: string | null;
}

async function locate({ on, cwd }: DoctorInput, world: DoctorWorld): Promise<Located> {
  const { environment, home } = world;
  const endpoint = on.length > 0 ? null : await readEndpoint(world.files, { environment, home });
  try {
    const places = await locateHosts(on, cwd, world);
    const namedBy = endpoint?.named === true ? (endpoint.endpoints[0]?.origin ?? null) : null;
    return { places, namedBy, elsewhere: null };
  } catch (error) {
    // An engine that only its address is known of: what can be seen is seen from here.
    if (on.length > 0 || !isRegctlError(error, "ENGINE_ELSEWHERE")) throw error;
    return { places: [seenFromHere(world)], namedBy: null, elsewhere: error.facts.endpoint };
  }
}

function seenFromHere(world: DoctorWorld): HostPlace {
  const open = async () => ({
    host: await world.localHost(),
    socket: "/var/run/docker.sock",
    close: async () => {},
  });
  return { name: "localhost", local: true, open };
}

/** A host that cannot be reached is what is wrong. */
async function examineAt(place: HostPlace, input: ExamineInput, world: DoctorWorld): Promise<Examined> {
  world.emit({ event: "step", host: place.name, step: "look" });
  try {
    const opened = await interruptible(place.open(), world.signal);
    try {
      return await interruptible(examine(opened, input, world), world.signal);
    } finally {
      await opened.close();
    }
  } catch (error) {
    // A key that nobody has vouched for is a question without an answer, and no fault.
    if (!isRegctlError(error) || !error.code.startsWith("SSH_") || error.code === "SSH_HOST_KEY_UNKNOWN") {
      throw error;
    }
    return { host: place.name, judged: [{ id: "host", finding: failedBy(error) }] };
  }
}

interface Chosen {
  readonly target: Target | null;
  readonly settings: Settings;
}

/** A name with a slash is an image; everything else is a registry. */
async function chooseTarget(
  given: string | undefined,
  found: Promise<Surroundings>,
  world: DoctorWorld,
): Promise<Chosen> {
  if (given === undefined) return await chooseDefault(found, world);
  const bare = given.replace(/^https?:\/\//i, "").replace(/\/(v[12]\/?)?$/, "");
  if (!bare.includes("/")) {
    const { settings } = await chooseRegistry(given, world);
    return { target: targetOf(parseRegistryName(given), null), settings };
  }
  const { reference, settings } = await chooseImageOf(bare, given, found, world);
  const { registry, repository, tag, digest } = withDefaultTag(reference);
  const key = digest === undefined ? `:${tag}` : `@${digest}`;
  return { target: targetOf(registry, `${registry}/${repository}${key}`), settings };
}

async function chooseImageOf(
  bare: string,
  given: string,
  found: Promise<Surroundings>,
  world: DoctorWorld,
): Promise<ChosenImage> {
  if (registryHostOf(bare) !== null) return await chooseImage(bare, {}, world);
  try {
    return await chooseImage(given, {}, world);
  } catch (error) {
    const registry = isRegctlError(error, "USAGE") ? onlyTunnel(await found) : null;
    if (registry === null) throw error;
    return await chooseImage(given, { registry }, world);
  }
}

async function chooseDefault(found: Promise<Surroundings>, world: DoctorWorld): Promise<Chosen> {
  try {
    const { registry, settings } = await chooseRegistry(undefined, world);
    return { target: targetOf(registry, null), settings };
  } catch (error) {
    if (!isRegctlError(error, "USAGE")) throw error;
    const settings = await readSettings(world.files, userPaths(world.environment, world.home));
    const registry = onlyTunnel(await found);
    return { target: registry === null ? null : targetOf(registry, null), settings };
  }
}

/** Where the default came from while it was up: the one tunnel that there ever was, where nothing else is served. */
function onlyTunnel({ tunnels, servers }: Surroundings): string | null {
  const [tunnel, ...others] = tunnels;
  return tunnel === undefined || others.length > 0 || servers.length > 0 ? null : tunnel.local;
}

function targetOf(registry: string, reference: string | null): Target {
  const authority = apiHostOf(registry);
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? 443);
  return { registry, host: hostOf(authority), port, reference };
}

/** Which image or repository is meant by a name as it was typed. */

import { registryHostOf } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { parseReference, parseRepository, type Reference } from "../registry/reference.ts";
import type { LiveTunnelsWorld } from "./live-tunnels.ts";
import { chooseRegistry } from "./which-registry.ts";

export interface ChosenImage {
  /** Its registry is named, in lower case as settings and logins have it. No tag is added: see `withDefaultTag`. */
  readonly reference: Reference;
  readonly settings: Settings;
}

export interface ImageChoice {
  /** `--registry`: for names without a host. */
  readonly registry?: string | undefined;
}

/**
 * NAME[:TAG][@DIGEST] to what it means. Without a host it is on the default registry, never silently on Docker Hub.
 * Throws BAD_REFERENCE, BAD_REGISTRY, and USAGE when no registry is named anywhere.
 */
export function chooseImage(
  given: string,
  choice: ImageChoice,
  world: LiveTunnelsWorld,
): Promise<ChosenImage> {
  return choose(parseReference, given, choice, world);
}

/** The same for a NAME that must have neither tag nor digest. */
export function chooseRepository(
  given: string,
  choice: ImageChoice,
  world: LiveTunnelsWorld,
): Promise<ChosenImage> {
  return choose(parseRepository, given, choice, world);
}

async function choose(
  parse: typeof parseReference,
  given: string,
  { registry: flag }: ImageChoice,
  world: LiveTunnelsWorld,
): Promise<ChosenImage> {
  // A name that is none is said to be so before a registry is missed.
  const reference = parse(given);
  if (registryHostOf(given) !== null) {
    const settings = await readSettings(world.files, userPaths(world.environment, world.home));
    return { reference: { ...reference, registry: reference.registry.toLowerCase() }, settings };
  }
  const { registry, settings } = await chooseRegistry(flag, world);
  return { reference: parse(given, { defaultRegistry: registry }), settings };
}

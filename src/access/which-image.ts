/** Which image or repository is meant by a name as it was typed. */

import { registryHostOf } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { parseReference, parseRepository, type Reference } from "../registry/reference.ts";
import { refuseFile } from "./file-for-name.ts";
import type { LiveTunnelsWorld } from "./live-tunnels.ts";
import { refuseRegistry } from "./registry-for-name.ts";
import { chooseRegistry } from "./which-registry.ts";

export interface ChosenImage {
  /** Its registry is named, in lower case as settings and logins have it. No tag is added: see `withDefaultTag`. */
  readonly reference: Reference;
  readonly settings: Settings;
}

export interface ImageChoice {
  /** `--registry`: for names without a host. */
  readonly registry?: string | undefined;
  /** The command takes images in files as well. */
  readonly takesFiles?: boolean;
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
  return choose({ parse: parseReference, form: "NAME:TAG" }, given, choice, world);
}

/** The same for a NAME that must have neither tag nor digest. */
export function chooseRepository(
  given: string,
  choice: ImageChoice,
  world: LiveTunnelsWorld,
): Promise<ChosenImage> {
  return choose({ parse: parseRepository, form: "NAME" }, given, choice, world);
}

/** What is wanted behind a registry, for people, and how it is read. */
interface Wanted {
  readonly parse: typeof parseReference;
  readonly form: string;
}

async function choose(
  { parse, form }: Wanted,
  given: string,
  { registry: flag, takesFiles = false }: ImageChoice,
  world: LiveTunnelsWorld,
): Promise<ChosenImage> {
  const { environment } = world;
  const settings = await readSettings(world.files, userPaths(environment, world.home));
  refuseRegistry(given, form, { settings, environment });
  await refuseFile(given, takesFiles, world.files);
  // A name that is none is said to be so before a registry is missed.
  const reference = parse(given);
  if (registryHostOf(given) !== null) {
    return { reference: { ...reference, registry: reference.registry.toLowerCase() }, settings };
  }
  const { registry } = await chooseRegistry(flag, world);
  return { reference: parse(given, { defaultRegistry: registry }), settings };
}

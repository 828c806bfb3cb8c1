import { type DefaultRegistry, defaultRegistry } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { RegctlError } from "../errors.ts";
import { parseRegistryName } from "./registry-name.ts";
import type { AccessWorld } from "./world.ts";

/** The registry that a command is about, and what the user has set. Throws USAGE when none is named anywhere. */
export async function chooseRegistry(
  given: string | undefined,
  world: Pick<AccessWorld, "environment" | "home" | "files">,
): Promise<{ readonly registry: string; readonly settings: Settings }> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  if (given !== undefined) return { registry: parseRegistryName(given), settings };
  const found = usualRegistry(settings, world);
  if (found === null) {
    throw new RegctlError("USAGE", {
      problem: "no registry is named, and there is no default one",
      type: "regctl use HOST[:PORT]",
    });
  }
  return { registry: parseRegistryName(found.registry), settings };
}

export function usualRegistry(
  settings: Settings,
  { environment }: Pick<AccessWorld, "environment">,
): DefaultRegistry | null {
  return defaultRegistry({ environment, settings, liveTunnels: [] });
}

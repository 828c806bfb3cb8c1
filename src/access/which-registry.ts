import { type DefaultRegistry, defaultRegistry } from "../config/default-registry.ts";
import { userPaths } from "../config/paths.ts";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/store.ts";
import { RegctlError } from "../errors.ts";
import { type LiveTunnelsWorld, readLiveTunnels } from "./live-tunnels.ts";
import { parseRegistryName } from "./registry-name.ts";

/** The registry that a command is about, and what the user has set. Throws USAGE when none is named anywhere. */
export async function chooseRegistry(
  given: string | undefined,
  world: LiveTunnelsWorld,
): Promise<{ readonly registry: string; readonly settings: Settings }> {
  const settings = await readSettings(world.files, userPaths(world.environment, world.home));
  if (given !== undefined) return { registry: parseRegistryName(given), settings };
  const found = await usualRegistry(settings, world);
  if (found === null) {
    throw new RegctlError("USAGE", {
      problem: "no registry is named, and there is no default one",
      type: "regctl use HOST[:PORT]",
    });
  }
  return { registry: parseRegistryName(found.registry), settings };
}

/** Tunnels are asked only where nothing else names a registry. */
export async function usualRegistry(
  settings: Settings,
  world: LiveTunnelsWorld,
): Promise<DefaultRegistry | null> {
  const { environment } = world;
  const named = defaultRegistry({ environment, settings, liveTunnels: [] });
  if (named !== null) return named;
  return defaultRegistry({ environment, settings, liveTunnels: await readLiveTunnels(world) });
}

/**
 * What regctl's own commands learn from a change of this machine's engine. The host is done by then: settings that
 * cannot be kept are a note, not a failure.
 */
import { settingsPath, userPaths } from "../config/paths.ts";
import type { RegistrySettings, Settings } from "../config/settings.ts";
import { readSettings, updateSettings } from "../config/store.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { ChangeKind } from "./change-request.ts";
import type { SetupWorld } from "./world.ts";

export interface Remembered {
  /** It became the default registry. */
  readonly registry?: string;
  readonly note?: string;
}

/** How a registry is reached by the settings, from what they said before. */
export type Reach = (now: RegistrySettings) => RegistrySettings;

/** @param what for people: "as insecure" */
export async function remember(
  registry: string,
  what: string,
  reach: Reach,
  world: SetupWorld,
): Promise<Remembered> {
  try {
    return await rememberHere(registry, reach, world);
  } catch (error) {
    return { note: `it is not remembered ${what}: ${explain(toRegctlError(error)).message}` };
  }
}

async function rememberHere(registry: string, reach: Reach, world: SetupWorld): Promise<Remembered> {
  const paths = userPaths(world.environment, world.home);
  const settings = await readSettings(world.files, paths);
  const now = settings.registries?.[registry] ?? {};
  const known = JSON.stringify(reach(now)) === JSON.stringify(now);
  if (known && settings.defaultRegistry !== undefined) return {};
  const refusal = whyNotRemember(world);
  if (refusal !== null)
    return { note: `${refusal}: ${settingsPath(paths)} stays as it is, no default is set` };
  const change = (old: Settings): Settings => ({
    ...old,
    defaultRegistry: old.defaultRegistry ?? registry,
    registries: { ...old.registries, [registry]: reach(old.registries?.[registry] ?? {}) },
  });
  await updateSettings(world.files, paths, change, world.clock);
  return settings.defaultRegistry === undefined ? { registry } : {};
}

/** The engine is told for everybody, a default is a person's own: under sudo that person is somebody else. */
function whyNotRemember(world: SetupWorld): string | null {
  const allowed = world.maySave();
  if (!allowed.ok) return allowed.why;
  const person = world.environment.SUDO_USER;
  return person && person !== "root" ? `running under sudo for ${person}` : null;
}

/** Our own settings forget what this machine's engine forgot. @returns a note where they could not */
export async function forget(
  registry: string,
  kinds: readonly ChangeKind[],
  world: SetupWorld,
): Promise<string | null> {
  try {
    await forgetHere(registry, kinds, world);
    return null;
  } catch (error) {
    return `it is still remembered in regctl's settings: ${explain(toRegctlError(error)).message}`;
  }
}

async function forgetHere(registry: string, kinds: readonly ChangeKind[], world: SetupWorld): Promise<void> {
  const paths = userPaths(world.environment, world.home);
  const settings = await readSettings(world.files, paths);
  const known = settings.registries?.[registry] !== undefined || settings.defaultRegistry === registry;
  if (!known || !world.maySave().ok) return;
  const change = ({ defaultRegistry, registries, ...rest }: Settings): Settings => {
    const { [registry]: now = {}, ...others } = registries ?? {};
    const { insecure, ca } = now;
    const left: RegistrySettings = {
      ...(insecure && !kinds.includes("insecure") ? { insecure } : {}),
      ...(ca !== undefined && !kinds.includes("trust") ? { ca } : {}),
    };
    const isLeft = Object.keys(left).length > 0;
    const keepsDefault = defaultRegistry !== undefined && (defaultRegistry !== registry || isLeft);
    return {
      ...rest,
      ...(keepsDefault ? { defaultRegistry } : {}),
      registries: isLeft ? { ...others, [registry]: left } : others,
    };
  };
  await updateSettings(world.files, paths, change, world.clock);
}

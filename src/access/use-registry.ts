import { resolve } from "node:path";
import type { DefaultRegistry } from "../config/default-registry.ts";
import { settingsPath, userPaths } from "../config/paths.ts";
import type { RegistrySettings, Settings } from "../config/settings.ts";
import { readSettings, updateSettings } from "../config/store.ts";
import { RegctlError } from "../errors.ts";
import type { TrustFlags } from "./open.ts";
import type { PingOutcome } from "./ping-registry.ts";
import { parseRegistryName } from "./registry-name.ts";
import { usualRegistry } from "./which-registry.ts";
import type { AccessWorld } from "./world.ts";

export interface UseInput extends TrustFlags {
  readonly registry?: string | undefined;
  /** The default registry that was set is one no more. */
  readonly none?: boolean;
  /** Where a relative `--ca` begins. */
  readonly cwd: string;
  readonly timeoutSeconds?: number | undefined;
}

export interface UseOutcome {
  /** Null when no default is set. */
  readonly registry: string | null;
  /** What names it. */
  readonly from: DefaultRegistry["from"] | null;
  readonly insecure: boolean;
  readonly ca: string | null;
  /** Present when it was set now, and answers. */
  readonly ping?: PingOutcome;
}

/**
 * Shows the default registry, or sets one and pings it. It is set even when it does not answer: it may be away for
 * now. Throws as `pingRegistry`, and NO_RIGHTS's like where settings may not be written.
 */
export async function useRegistry(input: UseInput, world: AccessWorld): Promise<UseOutcome> {
  const paths = userPaths(world.environment, world.home);
  if (input.none === true) return await unsetDefault(input, world);
  if (input.registry === undefined) {
    if (input.insecure !== undefined || input.ca !== undefined) {
      throw new RegctlError("USAGE", {
        problem: "--insecure and --ca belong to a registry that is named",
        type: "regctl use HOST[:PORT] --insecure",
      });
    }
    return await showDefault(await readSettings(world.files, paths), world);
  }
  return await setDefault(parseRegistryName(input.registry), input, world);
}

/** What is recorded about registries stays; so does a default that something else names. */
async function unsetDefault({ registry }: UseInput, world: AccessWorld): Promise<UseOutcome> {
  if (registry !== undefined) {
    const problem = "--none takes the default registry back, and needs no name of one";
    throw new RegctlError("USAGE", { problem, type: "regctl use --none" });
  }
  const paths = userPaths(world.environment, world.home);
  refuseUnderSudo(settingsPath(paths), world);
  let before: string | undefined;
  const change = ({ defaultRegistry, ...rest }: Settings): Settings => {
    before = defaultRegistry;
    return rest;
  };
  const settings = await updateSettings(world.files, paths, change, world.clock);
  const note =
    before === undefined ? "no default registry was set" : `${before} is not your default registry any more`;
  world.emit({ event: "note", note });
  return await showDefault(settings, world);
}

/** What shows the default alone loads nothing that speaks to registries. */
async function setDefault(registry: string, input: UseInput, world: AccessWorld): Promise<UseOutcome> {
  const [{ readTrust }, { openClient }, { pingClient }] = await Promise.all([
    import("../registry/trust.ts"),
    import("./open.ts"),
    import("./ping-registry.ts"),
  ]);
  const paths = userPaths(world.environment, world.home);
  const ca = input.ca === undefined ? undefined : resolve(input.cwd, input.ca);
  // Read now, so that a file that is none is not remembered.
  if (ca !== undefined) await readTrust({ registry, ca, verify: true }, world);
  refuseUnderSudo(settingsPath(paths), world);
  const change = (settings: Settings): Settings => withDefault(settings, registry, { ...input, ca });
  const settings = await updateSettings(world.files, paths, change, world.clock);
  world.emit({ event: "note", note: `${registry} is now your default registry` });
  const { insecure, timeoutSeconds } = input;
  const client = await openClient({ registry, settings, insecure, timeoutSeconds }, world);
  try {
    const ping = await pingClient(client, world);
    return { ...outcomeOf(registry, "settings", settings), ping };
  } finally {
    await client.close();
  }
}

async function showDefault(settings: Settings, world: AccessWorld): Promise<UseOutcome> {
  const found = await usualRegistry(settings, world);
  if (found === null) return { registry: null, from: null, insecure: false, ca: null };
  return outcomeOf(found.registry, found.from, settings);
}

function outcomeOf(registry: string, from: DefaultRegistry["from"], settings: Settings): UseOutcome {
  const recorded = settings.registries?.[registry];
  return { registry, from, insecure: recorded?.insecure === true, ca: recorded?.ca ?? null };
}

function withDefault(settings: Settings, registry: string, { insecure, ca }: TrustFlags): Settings {
  const old: RegistrySettings = settings.registries?.[registry] ?? {};
  const { insecure: wasInsecure, ca: oldCa } = old;
  // Who names an authority wants it to count.
  const isInsecure = insecure ?? (ca === undefined && wasInsecure === true);
  const newCa = ca ?? oldCa;
  const next = {
    ...(isInsecure ? { insecure: true as const } : {}),
    ...(newCa === undefined ? {} : { ca: newCa }),
  };
  const isKnown = settings.registries?.[registry] !== undefined;
  const says = isKnown || Object.keys(next).length > 0;
  return {
    ...settings,
    defaultRegistry: registry,
    ...(says ? { registries: { ...settings.registries, [registry]: next } } : {}),
  };
}

/** Root must leave nothing of its own in somebody else's home. */
export function refuseUnderSudo(path: string, world: Pick<AccessWorld, "maySave">): void {
  const allowed = world.maySave();
  if (allowed.ok) return;
  throw new RegctlError("HOST_FILE_FAILED", { host: "localhost", path, problem: allowed.why });
}

/** Which registry is meant when a command does not name one. Pure. */
import type { Environment } from "../ports.ts";
import type { Settings } from "./settings.ts";

export interface DefaultRegistryInput {
  /** NAME[:TAG] or HOST/NAME[:TAG], as typed. */
  readonly reference?: string;
  /** `--registry`. */
  readonly flag?: string;
  readonly environment: Environment;
  readonly settings: Settings;
  /** Local addresses (HOST:PORT) of the tunnels that are up. */
  readonly liveTunnels: readonly string[];
}

export interface DefaultRegistry {
  readonly registry: string;
  readonly from: "reference" | "flag" | "environment" | "settings" | "tunnel";
}

/** Highest first: host in the reference, flag, REGCTL_REGISTRY, settings, the only live tunnel. */
export function defaultRegistry(input: DefaultRegistryInput): DefaultRegistry | null {
  const onlyTunnel = input.liveTunnels.length === 1 ? input.liveTunnels[0] : undefined;
  const candidates: readonly (readonly [DefaultRegistry["from"], string | null | undefined])[] = [
    ["reference", input.reference === undefined ? null : registryHostOf(input.reference)],
    ["flag", input.flag],
    ["environment", input.environment.REGCTL_REGISTRY],
    ["settings", input.settings.defaultRegistry],
    ["tunnel", onlyTunnel],
  ];
  for (const [from, registry] of candidates) {
    if (registry) return { registry, from };
  }
  return null;
}

/**
 * The first component of a reference, where Docker takes it for a host: with a dot or a colon, `localhost`, or
 * with a capital letter, which no repository may have. Null otherwise.
 */
export function registryHostOf(reference: string): string | null {
  const slash = reference.indexOf("/");
  if (slash <= 0) return null;
  const first = reference.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  return isHost ? first : null;
}

/** Under which keys a registry's login may stand. Pure. */
import { canonicalRegistry, hubCredentialsKey, hubRegistry } from "./docker-hub.ts";

/** The key that `docker login` writes and reads. */
export function credentialKeyOf(registry: string): string {
  return canonicalRegistry(registry) === hubRegistry ? hubCredentialsKey : registry;
}

/** The registry that a key means; null for one that stands for a part of a registry, as Podman has them. */
function registryOfKey(key: string): string | null {
  const [, scheme, host = "", path = ""] = /^(https?:\/\/)?([^/]*)(.*)$/i.exec(key) ?? [];
  if (scheme === undefined && !/^(\/|\/v[12]\/?)?$/.test(path)) return null;
  return host === "registry-1.docker.io" ? hubRegistry : canonicalRegistry(host);
}

/** The keys among these that mean the registry, the one that Docker reads first. */
export function keysOf(registry: string, keys: readonly string[]): readonly string[] {
  const meant = canonicalRegistry(registry);
  const main = credentialKeyOf(registry);
  const matching = keys.filter((key) => key !== main && registryOfKey(key) === meant);
  return keys.includes(main) ? [main, ...matching] : matching;
}

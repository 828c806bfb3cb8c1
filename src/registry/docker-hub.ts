/** The names of Docker Hub: one in references, another on the wire, a third where its password is kept. */

/** As it stands in canonical references. */
export const hubRegistry = "docker.io";

/** Docker writes this one too, and reads it as `docker.io`. */
const legacyHubRegistry = "index.docker.io";

/** Where its `/v2/` answers. */
const hubApiHost = "registry-1.docker.io";

/** The key under which `docker login` keeps its credentials. */
export const hubCredentialsKey = "https://index.docker.io/v1/";

/** The registry's name in canonical references: Docker Hub has one, whichever was typed. */
export function canonicalRegistry(registry: string): string {
  return registry === legacyHubRegistry ? hubRegistry : registry;
}

/** HOST[:PORT] that the HTTP API of a registry answers at. */
export function apiHostOf(registry: string): string {
  return canonicalRegistry(registry) === hubRegistry ? hubApiHost : registry;
}

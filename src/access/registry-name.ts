/** The name of a registry as somebody types it. Pure. */
import { RegctlError } from "../errors.ts";
import { canonicalRegistry, hubRegistry } from "../registry/docker-hub.ts";
import { problemOfRegistry } from "../registry/reference-grammar.ts";

/** HOST[:PORT] as references name it; what people paste around it is left out. Throws BAD_REGISTRY. */
export function parseRegistryName(given: string): string {
  const name = given
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/\/(v[12]\/?)?$/, "")
    .toLowerCase();
  if (name === "registry-1.docker.io") return hubRegistry;
  const found = problemOfRegistry(name);
  if (found === null) return canonicalRegistry(name);
  const { problem, meant } = found;
  const shown = given.replace(/^([^/]*:\/\/)?[^/]*@/, "$1…@");
  throw new RegctlError("BAD_REGISTRY", {
    given: shown,
    problem,
    ...(meant === undefined ? {} : { type: meant }),
  });
}

/** The names of repositories that a search is about, from whatever the registry offers. */
import { isRegctlError, RegctlError } from "../errors.ts";
import type { Emit } from "../ports.ts";
import type { RegistryClient } from "../registry/client.ts";
import { hubRegistry } from "../registry/docker-hub.ts";
import { catalogElsewhere } from "../registry/quirks.ts";

export interface FoundNames {
  readonly names: readonly string[];
  /** `search`: by the registry's own search, which may leave some out. */
  readonly from: "catalog" | "search";
}

/** Docker Hub has neither, whoever asks: throws SEARCH_CLOSED without a request. */
export function refuseHub(registry: string): void {
  if (registry !== hubRegistry) return;
  const tried = ["Docker Hub gives nobody a list of its repositories"];
  throw new RegctlError("SEARCH_CLOSED", { registry, tried, elsewhere: catalogElsewhere(registry) });
}

/**
 * Of the catalog, those that `wanted` takes. Where the catalog is closed, absent or empty, what the registry's own
 * search finds. Throws SEARCH_CLOSED when there is neither, and UNAUTHORIZED when a login may open them.
 */
export async function findNames(
  client: RegistryClient,
  term: string,
  wanted: (name: string) => boolean,
  emit: Emit,
): Promise<FoundNames> {
  const catalog = await readCatalog(client, wanted, emit);
  if (!("why" in catalog) && catalog.total > 0) return { names: catalog.names, from: "catalog" };
  const searched = await searchByTerm(client, term);
  if (!("why" in searched)) return { names: searched.names, from: "search" };
  if (!("why" in catalog)) return { names: [], from: "catalog" };
  if (isRegctlError(catalog.error, "UNAUTHORIZED")) throw catalog.error;
  throw new RegctlError("SEARCH_CLOSED", {
    registry: client.registry,
    elsewhere: catalogElsewhere(client.registry),
    tried: [`GET /v2/_catalog: ${catalog.why}`, `GET /v1/search: ${searched.why}`],
  });
}

interface Closed {
  readonly why: string;
  readonly error: unknown;
}

async function readCatalog(
  client: RegistryClient,
  wanted: (name: string) => boolean,
  emit: Emit,
): Promise<{ readonly names: readonly string[]; readonly total: number } | Closed> {
  const names = new Set<string>();
  let total = 0;
  try {
    for await (const { entries, more } of client.catalogPages()) {
      total += entries.length;
      for (const name of entries) if (wanted(name)) names.add(name);
      if (more) emit({ event: "step", host: client.registry, step: `${total} repositories so far` });
    }
    return { names: [...names], total };
  } catch (error) {
    // Half a list would be a wrong answer.
    if (total > 0) throw error;
    return { why: whyClosed(error), error };
  }
}

async function searchByTerm(
  client: RegistryClient,
  term: string,
): Promise<{ readonly names: readonly string[] } | Closed> {
  try {
    const names = await client.searchLegacy(term);
    if (names === null) return { why: "it offers no such search", error: null };
    return { names: [...new Set(names)] };
  } catch (error) {
    return { why: whyClosed(error), error };
  }
}

/** Throws on what is wrong with more than this list. */
function whyClosed(error: unknown): string {
  if (isRegctlError(error, "REGISTRY_ERROR")) return `${error.facts.message} (status ${error.facts.status})`;
  if (isRegctlError(error, "UNAUTHORIZED")) return `it wants a login (${error.facts.reason})`;
  if (isRegctlError(error, "DENIED")) return `not allowed (${error.facts.reason})`;
  if (isRegctlError(error, "NOT_FOUND")) return error.facts.reason;
  throw error;
}

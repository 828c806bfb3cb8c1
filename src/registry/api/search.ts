/** The search of Docker's first registry protocol, which `docker search` still speaks and some registries offer. */
import type { RegistryResponse } from "../http/send.ts";
import { listOf, objectOf, parseJson, textOf } from "../json.ts";
import { call, longestList, type RegistryCall } from "./call.ts";

/** What docker allows; a registry without pages may give more. */
const mostResults = 100;

/** Statuses of a registry that has no such search, whatever its proxy makes of it. */
const absent = [400, 404, 405, 406, 410, 501];

/** Names of repositories, in the registry's own order; null when it offers no search. */
export async function searchLegacy(registry: RegistryCall, term: string): Promise<readonly string[] | null> {
  const url = new URL("/v1/search", registry.base);
  url.searchParams.set("q", term);
  url.searchParams.set("n", String(mostResults));
  const response = await call(registry, "GET", url, {
    scopes: [],
    what: registry.registry,
    answer: longestList,
    expect: [200, ...absent],
  });
  return response.status === 200 ? namesOf(response) : null;
}

/** A page for people, sent with status 200 for every address, is no search. */
function namesOf({ bytes }: RegistryResponse): readonly string[] | null {
  const results = listOf(objectOf(parseJson(bytes))?.results);
  if (results === undefined) return null;
  return results.flatMap((item) => textOf(objectOf(item)?.name) ?? []);
}

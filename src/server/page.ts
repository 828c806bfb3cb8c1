/** `n` and `last` of lists, and the `Link` to the next page. Pure. */
import type { RegistryLimits } from "./core.ts";
import type { ServerResponse } from "./message.ts";
import { refuse } from "./response.ts";
import type { PageRequest } from "./storage.ts";

/** A number beyond our longest page is taken for that page: the link tells that there is more. */
export function parsePage(query: URLSearchParams, limits: RegistryLimits): PageRequest | ServerResponse {
  const after = query.get("last") ?? "";
  const asked = query.get("n");
  if (asked === null || asked === "") return pageOf(limits.page, after);
  if (!/^\d+$/.test(asked)) {
    const detail = { n: asked.slice(0, 100) };
    return refuse(400, "PAGINATION_NUMBER_INVALID", "n is a number of entries, 0 or more", { detail });
  }
  return pageOf(Math.min(Number(asked), limits.longestPage), after);
}

function pageOf(limit: number, after: string): PageRequest {
  return after === "" ? { limit } : { limit, after };
}

export function isResponse(value: PageRequest | ServerResponse): value is ServerResponse {
  return "status" in value;
}

/** Relative, so that it holds behind every proxy; `last` before `n`, as docker-registry writes it. */
export function nextLink(path: string, parameters: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(parameters)}>; rel="next"`;
}

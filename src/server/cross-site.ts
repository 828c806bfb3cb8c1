/**
 * A registry on this machine can be reached by every page that its user visits. Browsers say where a request comes
 * from, programs say nothing: what a page of another site sends is refused. Pure.
 */
import type { ServerRequest } from "./message.ts";

const ownSites = new Set(["same-origin", "none"]);

export function isCrossSite({ headers, authority }: ServerRequest): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && !ownSites.has(site)) return true;
  const origin = headers.origin;
  // The scheme is left out: a proxy in front may be the one that speaks TLS.
  return origin !== undefined && URL.parse(origin)?.host !== authority.toLowerCase();
}

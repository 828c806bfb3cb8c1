/**
 * A page may have its own name lead to a loopback address once it is loaded (DNS rebinding): for the browser it then
 * asks its own site. Only the name in `Host` tells it apart, so what a browser sends to a name that is not ours is
 * refused. Programs say no names of other sites, and keep working through every name that leads here. Pure.
 */
import { parseIp } from "../ip-network.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import type { Handle, ServerRequest } from "./message.ts";
import { refuse } from "./response.ts";

/**
 * Headers that browsers send and clients of registries do not. To plain HTTP they send no Sec-Fetch headers, and with
 * a GET of the own site no Origin; a page cannot take Accept-Language away.
 */
const marks = ["origin", "referer", "accept-language", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"];

/** Says nothing about what is stored. */
const openPaths = new Set(["/", "/healthz", "/readyz"]);

/** `names`: of this machine and of the address that is listened at; addresses and loopback names are ours always. */
export function withOwnNames(handle: Handle, names: readonly string[]): Handle {
  const own = new Set(names.map((name) => name.toLowerCase()));
  return async (request) =>
    isFromBrowser(request) && !openPaths.has(request.path) && !isOwnName(request.authority, own)
      ? refuse(
          403,
          "DENIED",
          "pages may ask this registry by its address or as localhost, not by other names",
        )
      : await handle(request);
}

function isFromBrowser({ headers }: ServerRequest): boolean {
  return (
    marks.some((mark) => headers[mark] !== undefined) ||
    (headers.accept ?? "").includes("text/html") ||
    (headers["user-agent"] ?? "").startsWith("Mozilla/")
  );
}

/** An address is no name that anybody could have led here. */
function isOwnName(authority: string, own: ReadonlySet<string>): boolean {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(authority.toLowerCase()) ?? [];
  const host = bracketed ?? plain.replace(/\.$/, "");
  return own.has(host) || parseIp(host) !== null || isLoopbackHost(host);
}

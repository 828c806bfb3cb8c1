import { RegctlError } from "../../errors.ts";
import { canSendAgain, type RegistryRequest, type RegistryResponse, type Send } from "./send.ts";

const mostRedirects = 10;
const moved: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Follows redirects of whatever can be sent again. What a request says of its sender (an authorisation, a body) goes
 * to no other origin; what is put on inside, is so for the registry alone. From HTTPS to plain HTTP only when
 * `mayUsePlainHttp`. Throws REGISTRY_ERROR.
 */
export function withRedirects(send: Send, mayUsePlainHttp: boolean): Send {
  return async (request) => {
    let current = request;
    for (let count = 0; count <= mostRedirects; count += 1) {
      const response = await send(current);
      const next = nextOf(response, current);
      if (next === null) return response;
      if (!mayUsePlainHttp && current.url.protocol === "https:" && next.url.protocol !== "https:") {
        throw refuse(request, response, `it leads from HTTPS to plain HTTP, to ${next.url.host}`);
      }
      if (next.url.protocol !== "https:" && next.url.protocol !== "http:") {
        throw refuse(request, response, `it leads to ${next.url.protocol}`);
      }
      current = next;
    }
    throw refuse(request, null, `it leads from one address to the next, ${mostRedirects} times and more`);
  };
}

function nextOf(response: RegistryResponse, request: RegistryRequest): RegistryRequest | null {
  const { location } = response.headers;
  if (!moved.has(response.status) || location === undefined || !canSendAgain(request)) return null;
  const url = URL.parse(location, request.url.href);
  if (url === null) return null;
  // A password in there would become an Authorization header.
  url.username = "";
  url.password = "";
  url.hash = "";
  const reads = request.method === "GET" || request.method === "HEAD";
  const keeps = response.status === 307 || response.status === 308;
  if (!reads && !keeps) return null;
  if (url.origin === request.url.origin) return { ...request, url };
  if (request.body !== undefined) return null;
  const { authorization: _, ...headers } = request.headers ?? {};
  return { ...request, headers, url };
}

function refuse(request: RegistryRequest, response: RegistryResponse | null, message: string): RegctlError {
  return new RegctlError("REGISTRY_ERROR", {
    registry: request.url.host,
    request: `${request.method} ${request.url.pathname}`,
    status: response?.status ?? 302,
    message,
  });
}

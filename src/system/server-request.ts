/** A request as the registry's core wants it, from what Node read off the wire. */
import { isHttp2, type WireRequest } from "./wire.ts";

type Flat = Record<string, string>;

/** Names in lower case, without HTTP/2's own (`:path`); a repeated header is joined by ", ". */
export function flattenHeaders(headers: WireRequest["headers"]): Flat {
  const flat: Flat = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

/** The target in its two parts; the form for proxies (`http://host/path`) loses its host. */
export function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const own = target.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = own.indexOf("?");
  if (mark === -1) return { path: own === "" ? "/" : own, query: new URLSearchParams() };
  return { path: own.slice(0, mark) || "/", query: new URLSearchParams(own.slice(mark + 1)) };
}

/** `Content-Length`; null when the body has no announced end, 0 when there is none. */
export function lengthOf(request: WireRequest): number | null {
  const announced = request.headers["content-length"];
  // More digits than this are not exact as a number, and no blob is that long.
  if (announced !== undefined) return /^\d{1,15}$/.test(announced) ? Number(announced) : null;
  if (isHttp2(request)) return request.stream.endAfterHeaders ? 0 : null;
  return request.headers["transfer-encoding"] === undefined ? 0 : null;
}

export interface Origin {
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly remote: string;
}

/** Who asks whom, by the connection and `Host`, or by what a proxy in front says. Null: not a host's name at all. */
export function originOf(
  request: WireRequest,
  headers: Flat,
  listening: { readonly authority: string; readonly secure: boolean; readonly behindProxy: boolean },
): Origin | null {
  const named = isHttp2(request) ? (request.headers[":authority"] ?? headers.host) : headers.host;
  const told = (name: string): string | undefined =>
    listening.behindProxy ? lastOf(headers[`x-forwarded-${name}`]) : undefined;
  const authority = told("host") ?? named ?? listening.authority;
  if (!/^[\w.:[\]%~-]+$/.test(authority)) return null;
  const proto = told("proto")?.toLowerCase();
  const scheme = proto === "http" || proto === "https" ? proto : listening.secure ? "https" : "http";
  const remote = told("for") ?? request.socket.remoteAddress ?? "";
  return { scheme, authority, remote: remote.replace(/^::ffff:(?=\d+\.)/, "") };
}

/** The nearest proxy wrote the last entry; whatever stands before it, anybody may have written. */
function lastOf(list: string | undefined): string | undefined {
  const last = list?.split(",").at(-1)?.trim();
  return last === "" ? undefined : last;
}

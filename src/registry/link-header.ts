/** `Link` headers (RFC 8288, as far as registries use them): where the next page of a list is. Pure. */
import { readToken, readValue, skip } from "./header-text.ts";

export interface Link {
  /** As written: absolute or relative, its query an opaque cursor. */
  readonly target: string;
  /** In lower case. */
  readonly relations: readonly string[];
}

export function parseLinks(header: string): readonly Link[] {
  const links: Link[] = [];
  let at = skip(header, 0, ",");
  while (at < header.length) {
    const end = header[at] === "<" ? header.indexOf(">", at) : -1;
    if (end < 0) {
      const comma = header.indexOf(",", at);
      at = comma < 0 ? header.length : comma;
    } else {
      const relations: string[] = [];
      const next = readParameters(header, end + 1, relations);
      links.push({ target: header.slice(at + 1, end).trim(), relations });
      at = Math.max(next, end + 1);
      // What is left of a link that cannot be read belongs to no other.
      if (skip(header, at) < header.length && header[skip(header, at)] !== ",") at = pastComma(header, at);
    }
    at = skip(header, at, ",");
  }
  return links;
}

function pastComma(header: string, at: number): number {
  const comma = header.indexOf(",", at);
  return comma < 0 ? header.length : comma;
}

/** Of several `rel` the first counts. */
function readParameters(header: string, from: number, relations: string[]): number {
  let at = from;
  let seen = false;
  for (;;) {
    const semicolon = skip(header, at);
    if (header[semicolon] !== ";") return at;
    const name = readToken(header, skip(header, semicolon, ";"));
    if (name === null) return skip(header, semicolon, ";");
    at = name.next;
    const sign = skip(header, at);
    if (header[sign] !== "=") continue;
    const value = readValue(header, skip(header, sign + 1));
    at = value.next;
    if (name.value.toLowerCase() !== "rel" || seen) continue;
    seen = true;
    relations.push(
      ...value.value
        .toLowerCase()
        .split(/\s+/)
        .filter((relation) => relation !== ""),
    );
  }
}

/**
 * The next page, resolved against the request's own URL, or null on the last one. It may lead to another host:
 * whoever follows it takes credentials along only as after a redirect.
 */
export function nextPageOf(header: string | null | undefined, requestUrl: string): string | null {
  const next = parseLinks(header ?? "").find(({ relations }) => relations.includes("next"));
  const url = next === undefined ? null : URL.parse(next.target, requestUrl);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}

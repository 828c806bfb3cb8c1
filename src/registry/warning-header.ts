/** `Warning` headers: `299 - "text"`, which registries send for people to read. Never acted upon. Pure. */
import { oneLine, readToken, readValue, skip } from "./header-text.ts";

const mostWarnings = 20;

/** The texts, each once and in order. Codes other than 299 are about caches and left out. */
export function parseWarnings(header: string | null | undefined): readonly string[] {
  const text = header ?? "";
  const warnings = new Set<string>();
  let at = skip(text, 0, ",");
  while (at < text.length && warnings.size < mostWarnings) {
    const found = /299[ \t]+[^\s,"]+[ \t]+(?=")/y;
    found.lastIndex = at;
    const start = found.exec(text);
    if (start === null) {
      at = pastWarning(text, at);
    } else {
      const { value, next } = readValue(text, at + start[0].length);
      const warning = oneLine(value);
      if (warning !== "") warnings.add(warning);
      at = pastWarning(text, next);
    }
    at = skip(text, at, ",");
  }
  return [...warnings];
}

/** Past the next comma outside quotes, and past a date in quotes on the way. */
function pastWarning(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ",") {
    at = text[at] === '"' ? readValue(text, at).next : (readToken(text, at)?.next ?? at + 1);
  }
  return at;
}

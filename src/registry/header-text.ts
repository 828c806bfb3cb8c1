/** The pieces that HTTP header fields are made of (RFC 9110 §5.6), read at a position of the text. Pure. */

export interface Piece {
  readonly value: string;
  /** Where the text goes on. */
  readonly next: number;
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** A closing quote that is missing is taken to stand at the end. */
const quoted = /"([^"\\]*(?:\\[\s\S][^"\\]*)*)\\?"?/y;
/** What servers write without quotes, although it holds more than a token may: `realm=https://…`. */
const bare = /[^\s,;"]*/y;

function read(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

export function readToken(text: string, at: number): Piece | null {
  const found = read(token, text, at)?.[0];
  return found === undefined ? null : { value: found, next: at + found.length };
}

/** A quoted string without its quotes and backslashes, or the bare word that stands in its place. */
export function readValue(text: string, at: number): Piece {
  const [whole, inner] = read(quoted, text, at) ?? read(bare, text, at) ?? [""];
  const value = inner === undefined ? whole : inner.replaceAll(/\\([\s\S])/g, "$1");
  return { value, next: at + whole.length };
}

/** Past spaces, tabs and those of the given marks that stand there. */
export function skip(text: string, at: number, marks = ""): number {
  let next = at;
  while (next < text.length && ` \t${marks}`.includes(text.charAt(next))) next += 1;
  return next;
}

/** `NAME=VALUE` with spaces allowed around the sign; the name in lower case. */
export function readParameter(text: string, at: number): (Piece & { readonly name: string }) | null {
  const name = readToken(text, at);
  if (name === null) return null;
  const sign = skip(text, name.next);
  if (text[sign] !== "=") return null;
  return { name: name.value.toLowerCase(), ...readValue(text, skip(text, sign + 1)) };
}

/** One line for a person, out of what a server wrote: no control characters, not endless. */
export function oneLine(text: string, longest = 300): string {
  const line = text
    .slice(0, longest * 4)
    .replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}]+/gu, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1).trimEnd()}…` : line;
}

/**
 * The grammar of systemd's `EnvironmentFile=`, which looks like shell and is none: no `export`, no expansion, no
 * comment after a value; unterminated quotes are taken, and both CR and LF end a line.
 */

export interface EnvAssignment {
  /** As it stands before the `=`; not always a valid name. */
  readonly key: string;
  readonly start: number;
  /** From after the `=` up to the line end. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly value: string;
  /** The offset of a quote that is never closed. */
  readonly openQuote?: number;
}

export interface EnvFile {
  readonly assignments: readonly EnvAssignment[];
  /** Comments that end in a backslash: before systemd 254 the next line belongs to them, since then it does not. */
  readonly continuedComments: readonly { readonly start: number; readonly end: number }[];
}

export function parseEnvFile(text: string): EnvFile {
  const assignments: EnvAssignment[] = [];
  const continuedComments: { start: number; end: number }[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (/\s/.test(char)) {
      at += 1;
    } else if (char === "#" || char === ";") {
      const end = endOfComment(text, at);
      if (/\\[\r\n]/.test(text.slice(at, end))) continuedComments.push({ start: at, end });
      at = end;
    } else {
      const equals = endOfKey(text, at);
      if (text[equals] !== "=") {
        at = equals;
        continue;
      }
      const assignment = readAssignment(text, at, equals);
      assignments.push(assignment);
      at = assignment.valueEnd;
    }
  }
  return { assignments, continuedComments };
}

function endOfComment(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\r\n]/.test(text[at] ?? "")) at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

function endOfKey(text: string, start: number): number {
  // The first character is the name's whatever it is, even a "=".
  let at = start + 1;
  while (at < text.length && !/[=\r\n]/.test(text[at] ?? "")) at += 1;
  return at;
}

function readAssignment(text: string, start: number, equals: number): EnvAssignment {
  const key = text.slice(start, equals).trimEnd();
  const base = { key, start, valueStart: equals + 1 };
  let at = equals + 1;
  let value = "";
  // Quotes mean something only before the first bare character; blanks between quoted pieces vanish.
  for (;;) {
    const char = text[at];
    if (char === undefined || /[\r\n]/.test(char)) return { ...base, valueEnd: at, value };
    if (char === '"' || char === "'") {
      const piece = char === "'" ? readSingle(text, at) : readDouble(text, at);
      value += piece.value;
      if (!piece.closed) return { ...base, valueEnd: text.length, value, openQuote: at };
      at = piece.end;
    } else if (/[ \t]/.test(char)) {
      at += 1;
    } else {
      const bare = readBare(text, at);
      return { ...base, valueEnd: bare.end, value: value + bare.value };
    }
  }
}

interface Piece {
  readonly value: string;
  readonly end: number;
  readonly closed: boolean;
}

function readSingle(text: string, quote: number): Piece {
  const close = text.indexOf("'", quote + 1);
  const end = close < 0 ? text.length : close;
  return { value: text.slice(quote + 1, end), end: end + 1, closed: close >= 0 };
}

function readDouble(text: string, quote: number): Piece {
  let value = "";
  for (let at = quote + 1; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === '"') return { value, end: at + 1, closed: true };
    if (char !== "\\") {
      value += char;
      continue;
    }
    at += 1;
    const escaped = text[at] ?? "";
    if (/["\\`$]/.test(escaped)) value += escaped;
    else if (escaped !== "\n" && escaped !== "") value += `\\${escaped}`;
  }
  return { value, end: text.length, closed: false };
}

function readBare(text: string, start: number): { value: string; end: number } {
  let value = "";
  let solid = 0;
  let at = start;
  while (at < text.length && !/[\r\n]/.test(text[at] ?? "")) {
    const escaped = text[at] === "\\";
    if (escaped) at += 1;
    const char = text[at] ?? "";
    if (!escaped || !/[\r\n]/.test(char)) value += char;
    if (escaped || !/[ \t]/.test(char)) solid = value.length;
    at += 1;
  }
  return { value: value.slice(0, solid), end: Math.min(at, text.length) };
}

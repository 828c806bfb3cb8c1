/** One word of POSIX sh with its quotes undone, as far as that needs no running of anything. */

/** A place where the text is no shell, or none that this reader dares to judge. */
export class ShFault extends Error {
  readonly offset: number;
  readonly problem: string;

  constructor(offset: number, problem: string) {
    super(problem);
    this.offset = offset;
    this.problem = problem;
  }
}

export interface ShWord {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** Gives a variable's value; undefined leaves its reference in the text. */
export type Lookup = (name: string) => string | undefined;

interface Piece {
  readonly value: string;
  readonly end: number;
}

/** Reads the word at `start`. Throws ShFault for a quote or bracket that is never closed. */
export function readWord(text: string, start: number, lookup: Lookup): ShWord {
  let at = start;
  let value = "";
  while (at < text.length && !/[ \t\n;&|<>()]/.test(text[at] ?? "")) {
    const piece = readPiece(text, at, lookup);
    value += piece.value;
    at = piece.end;
  }
  return { start, end: at, value };
}

function readPiece(text: string, at: number, lookup: Lookup): Piece {
  const char = text[at] ?? "";
  if (char === "\r")
    throw new ShFault(at, "a line ends in CR LF, and the shell takes the CR for a part of it");
  if (char === "'") return readSingle(text, at);
  if (char === '"') return readDouble(text, at, lookup);
  if (char === "$") return readDollar(text, at, lookup);
  if (char === "`") return readBackquoted(text, at);
  if (char !== "\\") return { value: char, end: at + 1 };
  const next = text[at + 1];
  const last = next === "\n" ? at + 2 >= text.length : next === undefined;
  if (last) throw new ShFault(at, "the last line ends in a backslash");
  return { value: next === "\n" ? "" : (next ?? ""), end: at + 2 };
}

function readSingle(text: string, quote: number): Piece {
  const close = text.indexOf("'", quote + 1);
  if (close < 0) throw new ShFault(quote, "a quote is never closed");
  return withoutReturns(text, quote, { value: text.slice(quote + 1, close), end: close + 1 });
}

function readDouble(text: string, quote: number, lookup: Lookup): Piece {
  let value = "";
  let at = quote + 1;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === '"') return withoutReturns(text, quote, { value, end: at + 1 });
    const piece = readQuoted(text, at, lookup);
    value += piece.value;
    at = piece.end;
  }
  throw new ShFault(quote, "a quote is never closed");
}

function readQuoted(text: string, at: number, lookup: Lookup): Piece {
  const char = text[at] ?? "";
  if (char === "$") return readDollar(text, at, lookup);
  if (char === "`") return readBackquoted(text, at);
  if (char !== "\\") return { value: char, end: at + 1 };
  const next = text[at + 1] ?? "";
  if (next === "\n") return { value: "", end: at + 2 };
  return { value: /["$`\\]/.test(next) ? next : `\\${next}`, end: at + 2 };
}

function withoutReturns(text: string, quote: number, piece: Piece): Piece {
  const inside = text.slice(quote, piece.end).indexOf("\r");
  if (inside < 0) return piece;
  throw new ShFault(quote + inside, "a line ends in CR LF, and the shell takes the CR for a part of it");
}

function readDollar(text: string, at: number, lookup: Lookup): Piece {
  const rest = text.slice(at, at + 4096);
  const plain = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}"'`$\\]*))?\})/.exec(rest);
  if (plain !== null) {
    const [reference, bare, braced, otherwise] = plain;
    const known = lookup(bare ?? braced ?? "");
    const fallback = otherwise !== undefined && (known === undefined || known === "") ? otherwise : known;
    return { value: fallback ?? reference, end: at + reference.length };
  }
  const opener = text[at + 1];
  if (opener !== "(" && opener !== "{") return { value: "$", end: at + 1 };
  const end = closingOf(text, at + 1, opener);
  return { value: text.slice(at, end), end };
}

/** The offset after the bracket that closes the one at `open`, quotes and inner brackets skipped. */
function closingOf(text: string, open: number, opener: "(" | "{"): number {
  const closer = opener === "(" ? ")" : "}";
  const nothing: Lookup = () => undefined;
  let depth = 0;
  let at = open;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === opener) depth += 1;
    if (char === closer) depth -= 1;
    if (depth === 0) return at + 1;
    at = /["'\\`]/.test(char) ? readPiece(text, at, nothing).end : at + 1;
  }
  throw new ShFault(open, `a ${opener} is never closed`);
}

function readBackquoted(text: string, open: number): Piece {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") return { value: text.slice(open, at + 1), end: at + 1 };
  }
  throw new ShFault(open, "a backquote is never closed");
}

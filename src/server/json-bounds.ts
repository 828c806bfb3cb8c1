/** How much JSON holds, told from its bytes before anything is built of them: megabytes of `{},` become gigabytes. Pure. */

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket, comma] = [...'"\\{}[],'].map(
  (mark) => mark.charCodeAt(0),
);

export interface JsonBounds {
  /** Nested objects and lists. */
  readonly depth: number;
  /** Entries of all of them together. */
  readonly values: number;
}

/** What there is too much of. Of text that is no JSON it says something or other, and never takes more than one look at each byte. */
export function exceedsJson(bytes: Uint8Array, most: JsonBounds): keyof JsonBounds | null {
  let [depth, values] = [0, 0];
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) values += 1;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      values += 1;
      if (depth > most.depth) return "depth";
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    if (values > most.values) return "values";
  }
  return null;
}

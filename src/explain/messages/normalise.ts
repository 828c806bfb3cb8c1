/** Text as people paste it, as lines without colours, control characters and escapes. */

const longest = 256 * 1024;
const head = 64 * 1024;

/** A newline and a tab are layout; every other control character is not text. */
const colour = /(?![\n\t])\p{Cc}\[[0-?]{0,30}[ -/]{0,5}[@-~]/gu;
const title = /(?![\n\t])\p{Cc}\][^\p{Cc}]{0,300}(?:(?![\n\t])\p{Cc}\\?)?/gu;
const control = /(?!\n)\p{Cc}/gu;
const unseen = /\p{Cf}/gu;

/** At most 256 KiB of it: where a text is longer, its beginning and its end, which is where errors stand. */
export function normalise(text: string): string {
  const bounded = text.length <= longest ? text : `${text.slice(0, head)}\n${text.slice(head - longest)}`;
  return bounded
    .replace(/\r\n?/g, "\n")
    .replace(title, "")
    .replace(colour, "")
    .replace(control, " ")
    .replace(unseen, "")
    .replace(/[“”„]/g, '"')
    .replace(/[‘’]/g, "'")
    .split("\n")
    .flatMap((line) => bare(line).split("\n"))
    .filter((line) => line.trim() !== "")
    .join("\n");
}

/** A line of a JSON log, or of `key="value"` pairs, holds its message quoted, sometimes more than once. */
function bare(line: string): string {
  let text = line;
  for (let depth = 0; depth < 3 && /\\"|\\u00[0-9a-f]{2}/i.test(text); depth++) {
    text = text.replace(/\\(u00[0-9a-f]{2}|["\\nrt/])/gi, (_, sign: string) => meaning(sign));
  }
  return text;
}

function meaning(sign: string): string {
  if (sign.length > 1) {
    const character = String.fromCharCode(Number.parseInt(sign.slice(1), 16));
    return /\p{Cc}/u.test(character) ? " " : character;
  }
  if (sign === "n") return "\n";
  return sign === "r" || sign === "t" ? " " : sign;
}

/** The gutters of build logs, boxes and quotes in front of a line. */
const gutter = /^(?:[│|>#*]\s?|#\d{1,5} (?:\d{1,6}\.\d{1,4} )?)/;

const ungutter = (line: string): string => line.replace(gutter, "");

/** As it stands, without what is around the lines. */
export function tidy(normal: string): string {
  return normal
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}

/** On one line: for messages that a terminal or a mail broke at spaces. */
export function unwrap(normal: string): string {
  return normal
    .split("\n")
    .map((line) => ungutter(line).trim())
    .join(" ");
}

/** On one line, with nothing between: for messages that were broken within words. */
export function glue(normal: string): string {
  return normal.split("\n").map(ungutter).join("");
}

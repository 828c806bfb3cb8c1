/** Command lines built from data: text that a POSIX shell reads as the very words given, and that people can paste. */

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function quoteWord(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

const longestForPeople = 200;

/** An argument vector in a message: quoted, without control characters, and with `…` where it is cut short. */
export function renderForPeople(argv: readonly string[]): string {
  const line = quoteLine(argv).replace(/\p{Cc}+/gu, " ");
  return line.length <= longestForPeople ? line : `${line.slice(0, longestForPeople - 1)}…`;
}

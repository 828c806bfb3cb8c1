/** Words of a command line to type, built from data: safe to paste into any POSIX shell. */

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function quoteWord(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

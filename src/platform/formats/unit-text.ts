/** The grammar of systemd unit files, as far as the settings of a service go. */

export interface UnitSetting {
  readonly section: string;
  readonly key: string;
  /** The whole logical line, without its line end. */
  readonly start: number;
  readonly end: number;
  /** From the first character after `=` that is no blank. */
  readonly valueStart: number;
}

export interface UnitWord {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

export interface UnitText {
  readonly settings: readonly UnitSetting[];
  /** Where the last line of the last [Service] section ends, without its line end; -1 without such a section. */
  readonly serviceEnd: number;
}

export function parseUnit(text: string): UnitText {
  const settings: UnitSetting[] = [];
  let section = "";
  let serviceEnd = -1;
  let at = 0;
  while (at < text.length) {
    const start = at;
    let end = lineEnd(text, start);
    const line = text.slice(start, end).trim();
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    else if (line !== "" && !/^[#;]/.test(line)) {
      end = logicalEnd(text, start);
      const match = /^[ \t]*([^=\s]+)[ \t]*=[ \t]*/.exec(text.slice(start, end));
      if (match !== null) {
        settings.push({ section, key: match[1] ?? "", start, end, valueStart: start + match[0].length });
      }
    }
    if (section === "Service" && line !== "") serviceEnd = end;
    at = afterLineEnd(text, end);
  }
  return { settings, serviceEnd };
}

function lineEnd(text: string, start: number): number {
  const newline = text.indexOf("\n", start);
  const end = newline < 0 ? text.length : newline;
  return text[end - 1] === "\r" && end > start ? end - 1 : end;
}

function afterLineEnd(text: string, end: number): number {
  return end + (/^\r?\n?/.exec(text.slice(end, end + 2))?.[0].length ?? 0);
}

/** A backslash at the end goes on with the next line that is no comment. */
function logicalEnd(text: string, start: number): number {
  let end = lineEnd(text, start);
  while (text[end - 1] === "\\" && end < text.length) {
    let next = afterLineEnd(text, end);
    while (/^[ \t]*[#;]/.test(text.slice(next, lineEnd(text, next))) && next < text.length) {
      next = afterLineEnd(text, lineEnd(text, next));
    }
    end = lineEnd(text, next);
  }
  return end;
}

/** The words of a value, quotes undone. Comment lines within a continued line are no words. */
export function unitWords(text: string, start: number, end: number): UnitWord[] {
  const words: UnitWord[] = [];
  let at = start;
  while (at < end) {
    const blank = /^(?:[ \t\r]|\\?\r?\n(?:[ \t]*[#;][^\n]*(?=\n))*)+/.exec(text.slice(at, end))?.[0] ?? "";
    at += blank.length;
    if (at >= end) break;
    const word = readUnitWord(text, at, end);
    words.push(word);
    at = word.end;
  }
  return words;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  s: " ",
  n: "\n",
  t: "\t",
  r: "\r",
};

/** What a backslash makes of a character, in either kind of quotes; it stays where it makes nothing. */
function unescaped(char: string): string {
  return escapes[char] ?? `\\${char}`;
}

function readUnitWord(text: string, start: number, end: number): UnitWord {
  let value = "";
  let quote = "";
  let at = start;
  for (; at < end; at += 1) {
    const char = text[at] ?? "";
    const continued = char === "\\" && /^\r?\n/.test(text.slice(at + 1, at + 3));
    if (quote === "" && (/[ \t\r\n]/.test(char) || continued)) break;
    if (char === quote) quote = "";
    else if (quote === "" && /["']/.test(char)) quote = char;
    else if (continued) at = afterLineEnd(text, at + 1) - 1;
    else if (char === "\\" && at + 1 < end) value += unescaped(text[++at] ?? "");
    else value += char;
  }
  return { start, end: Math.min(at, end), value };
}

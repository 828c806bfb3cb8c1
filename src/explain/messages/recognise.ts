/** Which rows of the table a text holds, and where. Pure, and bounded in time whatever the text is. */
import { glue, normalise, tidy, unwrap } from "./normalise.ts";
import { hostOf, isRegistry, registryOn, unknownRegistry } from "./place.ts";
import type { MessageRow, Place } from "./row.ts";
import { speakerOf } from "./speakers.ts";
import { messageRows } from "./table.ts";

export interface Recognised {
  readonly row: MessageRow;
  readonly quoted: string;
  readonly place: Place;
}

interface Hit {
  readonly row: MessageRow;
  readonly match: RegExpExecArray;
  /** Of the line that it stands on. */
  readonly start: number;
  readonly end: number;
}

/** In the order of the table, which is from the exact to the general. A text broken by a terminal is put together. */
export function recognise(text: string): readonly Recognised[] {
  const lines = normalise(text);
  const found: (readonly Recognised[])[] = [];
  for (const view of new Set([tidy(lines), glue(lines), unwrap(lines)])) {
    const here = findIn(view).map((hit) => present(hit, view));
    // A symptom alone may be the half of a message that was broken in two.
    if (here.some(({ row }) => row.symptom !== true)) return here;
    found.push(here);
  }
  return found.find((here) => here.length > 0) ?? [];
}

function findIn(view: string): readonly Hit[] {
  const hits: Hit[] = [];
  for (const row of messageRows) {
    const match = row.match.exec(view);
    if (match === null) continue;
    const start = view.lastIndexOf("\n", match.index) + 1;
    const newline = view.indexOf("\n", match.index);
    const end = newline === -1 ? view.length : newline;
    if (!hits.some((hit) => hides(hit, { row, match, start, end }))) hits.push({ row, match, start, end });
  }
  return hits;
}

/** Whether what was found before says the same, or says why. */
function hides(before: Hit, { row, match, start }: Hit): boolean {
  if (before.start !== start) return false;
  if (row.symptom === true) return true;
  const far = before.match.index + before.match[0].length;
  return match.index < far && before.match.index < match.index + match[0].length;
}

/** So much of a line is looked at, on either side. */
const around = 2000;
const longestQuote = 300;

function present({ row, match, start, end }: Hit, view: string): Recognised {
  const from = Math.max(start, match.index - around);
  const line = view.slice(from, Math.min(end, match.index + match[0].length + around));
  const at = match.index - from + match[0].length;
  const { registry: named } = match.groups ?? {};
  const registry = isRegistry(named)
    ? named
    : (registryOn(line, at) ?? registryOn(view.slice(Math.max(0, from - around), from), around));
  const place: Place = {
    registry: registry ?? unknownRegistry,
    named: registry === undefined ? "the registry" : `the registry ${registry}`,
    Named: registry === undefined ? "The registry" : `The registry ${registry}`,
    host: registry === undefined ? "HOST" : hostOf(registry),
    speaker: speakerOf(line, view),
    part: (group, otherwise) => match.groups?.[group]?.replaceAll("\n", " ").slice(0, 120) ?? otherwise,
  };
  return { row, quoted: quote(line, at - match[0].length, match[0].length), place };
}

/** The line, or what stands around the match where the line is long. */
function quote(line: string, index: number, length: number): string {
  const text = line.slice(Math.max(0, index + Math.min(length, longestQuote) - longestQuote), index + length);
  const rest = line.slice(index + length, index + length + Math.max(0, longestQuote - text.length));
  return `${text}${rest}`.slice(0, longestQuote).trim();
}

/** A switch of `daemon.json` (such as `live-restore`), set and taken back with the same care as the lists. */
import { RegctlError } from "../../errors.ts";
import { noteOf } from "./daemon-json.ts";
import type { Edited, TextProblem, UndoNote } from "./format.ts";
import { problemAt, splice, unchanged } from "./format.ts";
import { documentOf, dropProperty, findProperty, insertProperty, parseJson, textOf } from "./json-text.ts";

/** What the file says: undefined when it does not say, or says null. Never throws. */
export interface Switch {
  readonly value: boolean | undefined;
  readonly problem?: TextProblem;
}

export function readBoolean(text: string | null, key: string): Switch {
  if (text === null) return { value: undefined };
  const document = parseJson(text);
  if ("problem" in document) return { value: undefined, problem: document };
  const named = document.properties.filter((property) => property.key === key);
  const [property, second] = named;
  if (second !== undefined) {
    const problem = `"${key}" stands there twice, and the engine obeys the last`;
    return { value: undefined, problem: problemAt(text, second.start, problem) };
  }
  const value: unknown = property?.value.value;
  if (property === undefined || value === null) return { value: undefined };
  if (typeof value === "boolean") return { value };
  const problem = `"${key}" is neither true nor false`;
  return { value: undefined, problem: problemAt(text, property.value.offset, problem) };
}

/** Sets a switch; `earlier` as in ListFormat.add. Throws INTERNAL where `readBoolean` finds a problem. */
export function setBoolean(
  text: string | null,
  key: string,
  value: boolean,
  earlier: readonly UndoNote[] = [],
): Edited {
  const now = readBoolean(text, key);
  if (now.problem !== undefined) {
    throw new RegctlError("INTERNAL", {
      what: `a broken daemon.json was to be edited: ${now.problem.problem}`,
    });
  }
  const after = String(value);
  if (text !== null && now.value === value) return { text, note: unchanged };
  const document = text === null ? null : documentOf(text);
  const property = document === null ? undefined : findProperty(document, key);
  if (text === null || document === null || property === undefined) {
    const { text: added, hollow } = insertProperty(text, key, after);
    return { text: added, note: noteOf(key, null, after, hollow, earlier) };
  }
  const { offset, length } = property.value;
  const before = textOf(document, property.value);
  return {
    text: splice(text, offset, offset + length, after),
    note: noteOf(key, before, after, null, earlier),
  };
}

/**
 * Takes back what `setBoolean` did; null when the file did not exist before it. A value that somebody changed
 * since to what the engine does not do by itself is theirs and stays.
 */
export function removeKey(text: string, key: string, note: UndoNote): string | null {
  if (note.kind !== "json" || note.key !== key) return text;
  const document = documentOf(text);
  const property = findProperty(document, key);
  if (property === undefined) return text;
  const now = textOf(document, property.value);
  // The other value, where there was no key, means the same as no key: `keyTurnedBack` leaves it behind.
  const turnedBack = note.before === null && now === String(note.after !== "true");
  if (now !== note.after && !turnedBack) return text;
  if (note.before === null) return dropProperty(text, key, note.hollow);
  const { offset, length } = property.value;
  return splice(text, offset, offset + length, note.before);
}

/**
 * The text to load before the one that `removeKey` gives, where that drops the key: a reload does not forget a
 * missing key, so it is loaded once with what the engine does by default. Null where one write is enough.
 */
export function keyTurnedBack(text: string, key: string, byDefault: boolean, note: UndoNote): string | null {
  const final = removeKey(text, key, note);
  if (final === text) return null;
  const dropped = final === null || findProperty(documentOf(final), key) === undefined;
  return dropped ? setBoolean(text, key, byDefault).text : null;
}

/** `daemon.json`, the engine's own configuration file since 1.10, read in Go and stricter than it looks. */
import type { Node } from "jsonc-parser";
import { engineWouldRefuse } from "../engine-entry.ts";
import { atLeast } from "../engine-version.ts";
import type { EngineTraits, Hollow, ListFormat, Listing, Setting, UndoNote } from "./format.ts";
import { broken, misuse, splice, unchanged } from "./format.ts";
import type { JsonDocument, Property } from "./json-text.ts";
import {
  documentOf,
  dropProperty,
  findProperty,
  insertProperty,
  isAiry,
  isBlank,
  leadBefore,
  parseJson,
  textOf,
} from "./json-text.ts";

export const daemonJson: ListFormat = { name: "daemon.json", read, add, remove };

/** Before 23.0 the engine takes neither an empty file nor a byte order mark. */
function read(text: string | null, setting: Setting, engine: EngineTraits = {}): Listing {
  if (text === null) return { entries: [], present: false };
  if (!atLeast(engine.version, "23.0.0")) {
    if (isBlank(text)) return broken(text, 0, "the file is empty, which engines before 23.0 do not take");
    if (text.startsWith("\uFEFF")) {
      return broken(text, 0, "it begins with a byte order mark, which engines before 23.0 do not take");
    }
  }
  return readList(text, setting);
}

function readList(text: string, setting: Setting): Listing {
  const document = parseJson(text);
  if ("problem" in document) return { entries: [], present: false, problem: document };
  const stray = problemOfKeys(document, setting.key);
  if (stray !== null) return broken(text, stray.start, stray.problem);
  const value = findProperty(document, setting.key)?.value;
  if (value === undefined) return { entries: [], present: false };
  if (value.type === "null") return { entries: [], present: true };
  if (value.type !== "array") {
    return broken(text, value.offset, `${setting.key} is no list: write ["…"]`);
  }
  for (const item of value.children ?? []) {
    const problem = problemOfItem(item, setting);
    if (problem !== null) return broken(text, item.offset, problem);
  }
  return { entries: entriesOf(value), present: true };
}

/** Spellings of the key that the engine ignores, dies of, or reads otherwise than an editor. */
function problemOfKeys(document: JsonDocument, key: string): { start: number; problem: string } | null {
  const singular = key.replace(/ies$/, "y").replace(/s$/, "");
  let seen = 0;
  for (const property of document.properties) {
    if (property.key === singular) {
      return { start: property.start, problem: `"${singular}" does nothing here: the key is "${key}"` };
    }
    const lower = property.key.toLowerCase();
    if (property.key !== lower && (lower === key || lower === singular)) {
      return { start: property.start, problem: `the engine knows the key only as "${key}"` };
    }
    if (property.key === key) seen += 1;
    if (seen > 1) {
      return { start: property.start, problem: `"${key}" stands there twice, and the engine obeys the last` };
    }
  }
  return null;
}

function problemOfItem(item: Node, setting: Setting): string | null {
  if (item.type !== "string") return `an entry of ${setting.key} is not a string`;
  const refused = engineWouldRefuse(String(item.value), setting);
  return refused === null ? null : `the engine refuses the entry ${JSON.stringify(item.value)}: ${refused}`;
}

function entriesOf(value: Node | undefined): string[] {
  return (value?.children ?? []).map((item) => String(item.value));
}

function add(text: string | null, setting: Setting, entry: string, earlier: readonly UndoNote[] = []) {
  const listing = text === null ? null : readList(text, setting);
  if (listing?.problem !== undefined) throw misuse("daemon.json", listing.problem);
  if (text !== null && listing?.entries.includes(entry)) return { text, note: unchanged };
  const document = text === null ? null : documentOf(text);
  const property = document === null ? undefined : findProperty(document, setting.key);
  if (document === null || text === null || property === undefined) {
    const after = JSON.stringify([entry]);
    const { text: added, hollow } = insertProperty(text, setting.key, after);
    return { text: added, note: noteOf(setting.key, null, after, hollow, earlier) };
  }
  const { offset, length } = property.value;
  const before = textOf(document, property.value);
  const after = withEntry(document, property, entry);
  return {
    text: splice(text, offset, offset + length, after),
    note: noteOf(setting.key, before, after, null, earlier),
  };
}

/** The list's text with one entry more, in the manner of the entries that are there. */
function withEntry(document: JsonDocument, { value }: Property, entry: string): string {
  const items = value.children ?? [];
  const last = items.at(-1);
  if (last === undefined) return JSON.stringify([entry]);
  const airy = items.length < 2 && isAiry(document);
  const added = `,${leadBefore(document.text, last.offset, airy)}${JSON.stringify(entry)}`;
  const end = last.offset + last.length - value.offset;
  return splice(textOf(document, value), end, end, added);
}

/** The note of a change of one key; what was there before our first change is taken over from `earlier`. */
export function noteOf(
  key: string,
  before: string | null,
  after: string,
  hollow: Hollow | null,
  earlier: readonly UndoNote[],
): UndoNote {
  const ours = earlier.filter((note) => note.kind === "json");
  const first = ours.find((note) => note.key === key);
  const hollowed = hollow ?? ours.find((note) => note.hollow !== null)?.hollow ?? null;
  return {
    kind: "json",
    key,
    before,
    after,
    base: first === undefined ? before : first.base,
    hollow: hollowed,
  };
}

function remove(text: string, setting: Setting, entry: string, note: UndoNote | undefined): string | null {
  return withoutEntry(text, setting, entry, note, "as it was");
}

/**
 * The text to load before the one that `remove` gives: a reload does not forget a key that is missing, so where
 * `remove` drops the key this text keeps it with an empty list; it may be the very text that is there. Null where
 * one write is enough.
 */
export function emptied(
  text: string,
  setting: Setting,
  entry: string,
  note: UndoNote | undefined,
): string | null {
  const kept = withoutEntry(text, setting, entry, note, "key kept");
  const final = remove(text, setting, entry, note);
  const dropped = final === null || findProperty(documentOf(final), setting.key) === undefined;
  return dropped && kept !== final ? kept : null;
}

function withoutEntry(
  text: string,
  setting: Setting,
  entry: string,
  note: UndoNote | undefined,
  manner: "as it was" | "key kept",
): string | null {
  if (note?.kind === "unchanged") return text;
  const listing = readList(text, setting);
  if (listing.problem !== undefined) throw misuse("daemon.json", listing.problem);
  const document = documentOf(text);
  const property = findProperty(document, setting.key);
  const ours = note?.kind === "json" ? note : undefined;
  // An empty list in the place of an absent key is what an undo that was cut short leaves behind.
  const halfway = ours?.base === null && listing.entries.length === 0;
  if (property === undefined || !(halfway || listing.entries.includes(entry))) return text;
  const put = (value: string): string =>
    splice(text, property.value.offset, property.value.offset + property.value.length, value);
  if (ours !== undefined && ours.before !== null && textOf(document, property.value) === ours.after) {
    return put(ours.before);
  }
  const left = listing.entries.filter((each) => each !== entry);
  if (ours !== undefined && sameList(ours.base, left)) {
    if (ours.base !== null) return put(ours.base);
    return manner === "key kept" ? put("[]") : dropProperty(text, setting.key, ours.hollow);
  }
  return put(listWithout(document, property, entry));
}

function sameList(base: string | null, entries: readonly string[]): boolean {
  const before: unknown = base === null ? [] : JSON.parse(base);
  return JSON.stringify(before ?? []) === JSON.stringify(entries);
}

/** The list's text without an entry, each with the comma before it (the first with the one after it). */
function listWithout(document: JsonDocument, { value }: Property, entry: string): string {
  const items = value.children ?? [];
  const kept = items.filter((item) => item.value !== entry);
  if (kept.length === 0) return "[]";
  let list = textOf(document, value);
  for (const [index, item] of [...items.entries()].reverse()) {
    if (item.value !== entry) continue;
    const before = items[index - 1];
    const start = before === undefined ? item.offset : before.offset + before.length;
    const end = before === undefined ? (items[index + 1]?.offset ?? item.offset) : item.offset + item.length;
    list = splice(list, start - value.offset, end - value.offset, "");
  }
  return list;
}

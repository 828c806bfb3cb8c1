/**
 * The shape that all registry lists share, whatever file they stand in, so that a planner can treat them alike.
 * Everything here is text in, text out. Text is a file's bytes decoded without loss.
 */
import { RegctlError } from "../../errors.ts";

/** A setting of the engine that lists registries. */
export interface Setting {
  readonly key: "insecure-registries" | "registry-mirrors";
  readonly flag: "--insecure-registry" | "--registry-mirror";
  /** The first engine that reads the key again on a signal (moby 582803f00a and 5b9348c553). */
  readonly reloadedSince: string;
}

export const insecureRegistries: Setting = {
  key: "insecure-registries",
  flag: "--insecure-registry",
  reloadedSince: "1.13.0",
};
export const registryMirrors: Setting = {
  key: "registry-mirrors",
  flag: "--registry-mirror",
  reloadedSince: "17.04.0",
};

/** The list of that key; that of insecure registries when none is named. */
export function settingOf(key: Setting["key"] | undefined): Setting {
  return key === "registry-mirrors" ? registryMirrors : insecureRegistries;
}

/** Why a text must not be edited as it is. Line and column start at 1; columns count UTF-16 units. */
export interface TextProblem {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

export interface Listing {
  /** In the order of the file; none when there is a problem. */
  readonly entries: readonly string[];
  /** The key or the flag stands there at all, even with an empty list. */
  readonly present: boolean;
  readonly problem?: TextProblem;
}

/** What the reading depends on. An unknown version is judged like an old engine. */
export interface EngineTraits {
  readonly version?: string | undefined;
}

/** What stood in a document while it held no setting at all: a whole text (null: no file), or between `{` and `}`. */
export type Hollow = { readonly file: string | null } | { readonly interior: string };

/**
 * What `remove` needs to give back the very text from before. Plain JSON, kept in the host's journal.
 * `before` and `after` are the edited piece of text (a JSON value, an assigned value, a managed line), null where
 * there was none; `base` is that piece before the first of our entries that still stand.
 */
export type UndoNote =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "json";
      readonly key: string;
      readonly before: string | null;
      readonly after: string;
      readonly base: string | null;
      readonly hollow: Hollow | null;
    }
  | {
      readonly kind: "text";
      /** There was no file before. */
      readonly created: boolean;
      readonly before: string | null;
      readonly after: string;
      readonly base: string | null;
      /** A line that came before ours to make it valid (a section's header), and goes with it. */
      readonly header?: string;
    }
  /** Values in nested maps, each with the paths of what came with it and goes with it once it is empty. */
  | {
      readonly kind: "leaves";
      /** There was no file before. */
      readonly created: boolean;
      /** The last line had no end before. */
      readonly cut: boolean;
      readonly leaves: readonly (Leaf & { readonly brought: readonly (readonly string[])[] })[];
    }
  /** Texts as a whole, for what is put back rather than taken away. */
  | { readonly kind: "whole"; readonly before: string | null; readonly after: string | null };

export interface Edited {
  readonly text: string;
  readonly note: UndoNote;
}

/** A value in nested maps: `item` in the list at `path`, else `value` at the path itself. */
export interface Leaf {
  readonly path: readonly string[];
  readonly item?: string;
  readonly value?: string | boolean;
}

/** One kind of text in which an engine's registries are listed. A text of null means that there is no such file. */
export interface ListFormat {
  readonly name: string;
  /** Never throws: what must stop an edit is the listing's `problem`. */
  read(text: string | null, setting: Setting, engine?: EngineTraits): Listing;
  /**
   * Adds one entry after those that are there; an entry that is there already leaves the text as it is.
   * `earlier` are the notes of our other entries in this text that still stand, oldest first: they let the last
   * one to go take away what the first one brought. Throws INTERNAL for a text that `read` finds a problem in.
   */
  add(text: string | null, setting: Setting, entry: string, earlier?: readonly UndoNote[]): Edited;
  /**
   * Takes away this entry and nothing else; null when the file did not exist before it. With the note of its
   * `add` and no other change since, the very text from before. Without a note, wherever the entry stands.
   */
  remove(text: string, setting: Setting, entry: string, note: UndoNote | undefined): string | null;
}

export const unchanged: UndoNote = { kind: "unchanged" };

/** A replacement of text[start, end). */
export function splice(text: string, start: number, end: number, insert: string): string {
  return text.slice(0, start) + insert + text.slice(end);
}

/** The line and column of an offset; a byte order mark takes no column. */
export function problemAt(text: string, offset: number, problem: string): TextProblem {
  const lines = text.slice(text.startsWith("\uFEFF") ? 1 : 0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1, problem };
}

/** A listing of which nothing may be believed. */
export function broken(text: string, offset: number, problem: string): Listing {
  return { entries: [], present: false, problem: problemAt(text, offset, problem) };
}

/** The line end to write: the file's first one, or LF. */
export function lineEndOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

/** For texts that a planner should not have sent here. */
export function misuse(format: string, problem: TextProblem): RegctlError<"INTERNAL"> {
  const where = `line ${problem.line}, column ${problem.column}`;
  return new RegctlError("INTERNAL", {
    what: `${format} was asked to edit a broken text (${where}: ${problem.problem})`,
  });
}

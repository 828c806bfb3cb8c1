/** Values of setup's own in people's YAML: each put in by itself, and taken out with what came with it. Pure. */
import type { Edited, Leaf, UndoNote } from "./format.ts";
import { putIn, readYaml, takeOut, withoutEmpty } from "./yaml-text.ts";

/**
 * Puts values in that are not there yet.
 * @param earlier notes of what setup put into this text before and what still stands
 * @returns null when there is no place for one of them
 */
export function addLeaves(
  text: string | null,
  leaves: readonly Leaf[],
  earlier: readonly UndoNote[],
): Edited | null {
  const notes = earlier.flatMap((note) => (note.kind === "leaves" ? [note] : []));
  const known = notes.flatMap((note) => note.leaves.flatMap(({ brought }) => brought));
  const made: (Leaf & { brought: readonly (readonly string[])[] })[] = [];
  let now = text ?? "";
  for (const leaf of leaves) {
    const root = readYaml(now).value;
    const containers = leaf.path.flatMap((_, index) => {
      const length = index + 1;
      return length < leaf.path.length || leaf.item !== undefined ? [leaf.path.slice(0, length)] : [];
    });
    const ours = [...known, ...made.flatMap(({ brought }) => brought)];
    const brought = containers.filter(
      (path) => valueAt(root, path) === undefined || ours.some((other) => samePath(other, path)),
    );
    const next = putIn(now, leaf);
    if (next === null) return null;
    now = next;
    made.push({ ...leaf, brought });
  }
  const cut = (text !== null && text !== "" && !text.endsWith("\n")) || notes.some((note) => note.cut);
  const created = text === null || notes.some((note) => note.created);
  return { text: now, note: { kind: "leaves", created, cut, leaves: made } };
}

/** Takes the values of a note out, and what came with them; null when the file goes. What is gone already is gone. */
export function removeLeaves(text: string, note: UndoNote): string | null {
  if (note.kind !== "leaves") return text;
  const left = note.leaves.toReversed().reduce((now, { brought, ...leaf }) => {
    const without = takeOut(now, leaf);
    return without === null ? now : brought.toReversed().reduce(withoutEmpty, without);
  }, text);
  if (note.created && left.trim() === "") return null;
  // As long as nobody wrote behind what goes, it is the old last line that is the last again.
  return note.cut && lastLineOf(left) !== lastLineOf(text) ? left.replace(/\r?\n$/, "") : left;
}

const lastLineOf = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

function samePath(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => childOf(value, key), root);
}

function childOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** What every list format keeps, whatever text it meets. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { ListFormat, Setting, UndoNote } from "../../../src/platform/formats/format.ts";
import { insecureRegistries, registryMirrors } from "../../../src/platform/formats/format.ts";

export function fixture(path: string): string {
  return readFileSync(new URL(`../../fixtures/platform/${path}`, import.meta.url), "utf8");
}

/** Notes live in a journal of JSON lines. */
function journaled(note: UndoNote): UndoNote {
  return JSON.parse(JSON.stringify(note));
}

/** An edit by other hands that leaves the setting alone, so that it commutes with ours on texts where it applies. */
export interface ForeignEdit {
  readonly applies: (text: string) => boolean;
  readonly edit: (text: string) => string;
}

export interface Laws {
  readonly format: ListFormat;
  readonly texts: fc.Arbitrary<string | null>;
  readonly foreignEdits: readonly ForeignEdit[];
  readonly numRuns?: number;
}

const entries = ["reg.test:5000", "10.9.0.0/16", "[fd00::5]:5000", "b"];

export function checkLaws({ format, texts, foreignEdits, numRuns = 400 }: Laws): void {
  const entry = fc.constantFrom(...entries);
  const setting = fc.constantFrom(insecureRegistries, registryMirrors);
  const foreign = fc.constantFrom(...foreignEdits);
  let edits = 0;
  const property = fc.property(
    texts,
    setting,
    entry,
    entry,
    foreign,
    (text, which, first, second, { applies, edit }) => {
      const before = format.read(text, which, { version: "28.0.0" });
      fc.pre(before.problem === undefined);
      const value = (name: string): string =>
        which === registryMirrors ? `https://m.test/${name[0]}/` : name;
      addAndRemove(format, text, which, value(first));
      oneAfterAnother(format, text, which, value(first), value(second));
      if (text !== null && applies(text)) withForeignEdit(format, text, which, value(first), edit);
      edits += 1;
    },
  );
  fc.assert(property, { numRuns });
  assert.ok(edits > numRuns / 2, "too few texts were sound");
}

function addAndRemove(format: ListFormat, text: string | null, setting: Setting, entry: string): void {
  const before = format.read(text, setting, { version: "28.0.0" });
  const added = format.add(text, setting, entry);
  const after = format.read(added.text, setting, { version: "28.0.0" });
  assert.equal(after.problem, undefined);
  const known = before.entries.includes(entry);
  assert.deepEqual([...after.entries].sort(), [...before.entries, ...(known ? [] : [entry])].sort());
  assert.deepEqual(
    after.entries.filter((each) => known || each !== entry),
    before.entries,
  );
  assert.equal(after.present, true);
  const again = format.add(added.text, setting, entry);
  assert.deepEqual(again, { text: added.text, note: { kind: "unchanged" } });
  assert.equal(format.remove(added.text, setting, entry, journaled(added.note)), text);
  const bare = format.remove(added.text, setting, entry, undefined);
  assert.equal(format.read(bare, setting, { version: "28.0.0" }).entries.includes(entry), false);
}

/** Two entries, taken back in either order, leave the text from before both. */
function oneAfterAnother(
  format: ListFormat,
  text: string | null,
  setting: Setting,
  a: string,
  b: string,
): void {
  const one = format.add(text, setting, a);
  const two = format.add(one.text, setting, b, one.note.kind === "unchanged" ? [] : [journaled(one.note)]);
  const orders = [
    [
      { entry: b, note: two.note },
      { entry: a, note: one.note },
    ],
    [
      { entry: a, note: one.note },
      { entry: b, note: two.note },
    ],
  ];
  for (const order of orders) {
    let left: string | null = two.text;
    for (const { entry, note } of order) {
      if (left !== null && note.kind !== "unchanged")
        left = format.remove(left, setting, entry, journaled(note));
    }
    assert.equal(left, text);
  }
}

function withForeignEdit(
  format: ListFormat,
  text: string,
  setting: Setting,
  entry: string,
  edit: (text: string) => string,
): void {
  const added = format.add(text, setting, entry);
  const edited = edit(added.text);
  assert.equal(format.remove(edited, setting, entry, journaled(added.note)), edit(text));
}

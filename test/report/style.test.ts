import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createStyle, escapeControl, guardJson, guardLine } from "../../src/report/style.ts";

const plain = { columns: 80, color: false, unicode: false };

test("control characters become visible, other letters stay", () => {
  assert.equal(escapeControl("a\u001b[2Jb\u0000\u007f\u009b"), "a\\u001b[2Jb\\u0000\\u007f\\u009b");
  assert.equal(escapeControl("a\nb\rc\td"), "a\\nb\\rc    d");
  assert.equal(escapeControl("\u202eevil\u2066"), "\\u202eevil\\u2066");
  assert.equal(escapeControl("Grüße 🐳 日本"), "Grüße 🐳 日本");
});

test("no text leaves anything that acts", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(escapeControl(text), /\p{Cc}/u);
      assert.doesNotMatch(guardLine(text, false), /\p{Cc}/u);
    }),
  );
});

test("a rendered line keeps its colours and nothing else", () => {
  const line = `${createStyle({ ...plain, color: true }).red("a")}\u001b[2J`;
  assert.equal(guardLine(line, true), "\u001b[31ma\u001b[39m\\u001b[2J");
  assert.equal(guardLine(line, false), "\\u001b[31ma\\u001b[39m\\u001b[2J");
});

test("guarded JSON is the same document", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = guardJson(JSON.stringify(value, null, 2));
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(text.replaceAll("\n", ""), /\p{Cc}/u);
    }),
  );
  assert.equal(guardJson('"\u009b\u202e"'), '"\\u009b\\u202e"');
});

test("no colour and no Unicode where they are not wanted", () => {
  const style = createStyle(plain);
  assert.equal(style.red(style.bold("x")), "x");
  for (const symbol of Object.values(style.symbols)) assert.match(symbol, /^[ -~]+$/);
});

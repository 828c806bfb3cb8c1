import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { quoteLine, quoteWord, renderForPeople } from "../../src/explain/quote.ts";

test("plain words stay as they are", () => {
  assert.equal(quoteLine(["ssh", "-p", "22", "user@host.test"]), "ssh -p 22 user@host.test");
});

test("others are quoted, the empty one too", () => {
  assert.equal(quoteWord(""), "''");
  assert.equal(quoteWord("a b"), "'a b'");
  assert.equal(quoteWord("it's"), "'it'\\''s'");
});

test("a real shell gives every word back", () => {
  const word = fc.string({ unit: "binary-ascii", maxLength: 12 }).map((text) => text.replaceAll("\0", ""));
  const words = fc.sample(fc.array(word, { maxLength: 200 }), 5);
  for (const sample of words) {
    const output = execFileSync("sh", ["-c", `printf '%s\\0' first ${quoteLine(sample)}`]).toString();
    assert.deepEqual(output.split("\0").slice(1, -1), sample);
  }
});

test("in a message: quoted, without control characters, and not longer than fits", () => {
  assert.equal(renderForPeople(["a", "it's", "", "x y"]), "a 'it'\\''s' '' 'x y'");
  const shown = renderForPeople(["sh", "-c", `a\nb\0\u001b[31m${"x".repeat(500)}`]);
  assert.equal(shown.length, 200);
  assert.match(shown, /^sh -c 'a b \[31mx+…$/);
});

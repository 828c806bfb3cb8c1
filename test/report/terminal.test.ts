import assert from "node:assert/strict";
import { test } from "node:test";
import { planRendering } from "../../src/report/terminal.ts";

const terminal = { isTTY: true, columns: 72 };
const pipe = {};

test("colour: a terminal has it, a pipe does not, the environment may say otherwise", () => {
  const color = (environment: Record<string, string>, stream: object) =>
    planRendering(environment, stream).color;
  assert.equal(color({}, terminal), true);
  assert.equal(color({}, pipe), false);
  assert.equal(color({ NO_COLOR: "1" }, terminal), false);
  assert.equal(color({ NO_COLOR: "" }, terminal), true);
  assert.equal(color({ TERM: "dumb" }, terminal), false);
  assert.equal(color({ FORCE_COLOR: "1" }, pipe), true);
  assert.equal(color({ FORCE_COLOR: "" }, pipe), true);
  assert.equal(color({ FORCE_COLOR: "0" }, terminal), false);
  assert.equal(color({ FORCE_COLOR: "1", NO_COLOR: "1" }, pipe), true);
});

test("width: the terminal's, else COLUMNS, at least 40; a pipe has no edge", () => {
  assert.equal(planRendering({}, terminal).columns, 72);
  assert.equal(planRendering({ COLUMNS: "60" }, pipe).columns, 60);
  assert.equal(planRendering({ COLUMNS: "60" }, terminal).columns, 72);
  assert.equal(planRendering({ COLUMNS: "7" }, pipe).columns, 40);
  assert.equal(planRendering({ COLUMNS: "wide" }, pipe).columns, 1000);
  assert.equal(planRendering({}, { isTTY: true, columns: 0 }).columns, 1000);
});

test("letters beyond ASCII: the first locale variable that is set decides", () => {
  const unicode = (environment: Record<string, string>) => planRendering(environment, pipe).unicode;
  assert.equal(unicode({}), false);
  assert.equal(unicode({ LANG: "C" }), false);
  assert.equal(unicode({ LANG: "de_DE.UTF-8" }), true);
  assert.equal(unicode({ LANG: "de_DE.utf8" }), true);
  assert.equal(unicode({ LC_ALL: "C", LANG: "de_DE.UTF-8" }), false);
  assert.equal(unicode({ LC_ALL: "", LC_CTYPE: "C.UTF-8", LANG: "C" }), true);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, renderTable, widthOf, wrap } from "../../src/report/table.ts";

const options = { columns: 60, color: false, unicode: true };

test("widths: letters, wide letters, marks, colours", () => {
  assert.equal(widthOf("abc"), 3);
  assert.equal(widthOf("日本"), 4);
  assert.equal(widthOf("e\u0301"), 1);
  assert.equal(widthOf("🐳"), 2);
  assert.equal(widthOf("\u001b[31mab\u001b[39m"), 2);
});

test("cut: what fits stays, what does not ends in an ellipsis and fits", () => {
  assert.equal(cut("abc", 3, "…"), "abc");
  assert.equal(cut("abcd", 3, "…"), "ab…");
  assert.equal(cut("日本語", 5, "…"), "日本…");
  assert.equal(cut("abcdef", 5, "..."), "ab...");
});

test("wrap: between words, a long word whole, further lines indented", () => {
  assert.deepEqual(wrap("aa bb cc", 5), ["aa bb", "cc"]);
  assert.deepEqual(wrap("aa bb cc", 5, "  "), ["aa bb", "  cc"]);
  assert.deepEqual(wrap("a https://a-long-address.test b", 10), ["a", "https://a-long-address.test", "b"]);
  assert.deepEqual(wrap("  aa  bb cc", 8, "  "), ["  aa  bb", "  cc"]);
  assert.deepEqual(wrap("", 10), [""]);
});

const table = {
  header: ["HOST", "STATE", "PATH"],
  rows: [
    ["user@server", "changed", "/etc/docker/daemon.json"],
    ["h", "already", "/var/lib/boot2docker/profile"],
  ],
};

test("columns are aligned and lines have no trailing spaces", () => {
  assert.deepEqual(renderTable(table, options), [
    "HOST         STATE    PATH",
    "user@server  changed  /etc/docker/daemon.json",
    "h            already  /var/lib/boot2docker/profile",
  ]);
});

test("too wide: the widest column is cut, or the one named", () => {
  const narrow = renderTable(table, { ...options, columns: 40 });
  assert.ok(narrow.every((line) => widthOf(line) <= 40));
  assert.match(narrow[1] ?? "", /user@server {2}changed {2}.*…$/);
  const named = renderTable({ ...table, shrink: 0 }, { ...options, columns: 48, unicode: false });
  assert.match(named[1] ?? "", /^user@s\.\.\. /);
});

test("too narrow for anything: nothing but that column is lost", () => {
  const lines = renderTable(table, { ...options, columns: 10 });
  assert.match(lines[1] ?? "", /^user@server {2}changed {2}\/etc/);
});

test("paint does not disturb the columns", () => {
  const painted = renderTable(
    { ...table, paint: (cell, row, column) => (column === 1 ? `\u001b[3${row}m${cell}\u001b[39m` : cell) },
    options,
  );
  assert.equal(painted[2], "h            \u001b[31malready\u001b[39m  /var/lib/boot2docker/profile");
});

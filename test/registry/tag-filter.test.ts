import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { compileGlob, isGlob } from "../../src/registry/glob.ts";
import { parseTagFilter, parseTagPattern } from "../../src/registry/tag-filter.ts";

const cases: readonly (readonly [filter: string, hits: string, misses: string])[] = [
  ["latest", "latest", "latest2 Latest late"],
  ["v1.*", "v1. v1.2 v1.2-rc", "v1 v10 xv1.2 v1x"],
  ["*", "a anything", ""],
  ["*-rc*", "1-rc 1-rc2 -rc", "rc 1rc"],
  ["?", "a é 🐳", "ab"],
  ["1.?.?", "1.2.3", "1.2.33 1.2"],
  ["v[0-9]", "v0 v9", "va v10 v"],
  ["[!0-9]*", "v1 x", "1 9x"],
  ["[^a]", "b", "a"],
  ["[]a]", "] a", "b"],
  ["[a-]", "a -", "b"],
  ["[a*]", "a *", "b"],
  ["{main,dev}", "main dev", "maindev ma"],
  ["{1,2}.{0,1{2,3}}", "1.0 2.12 1.13", "1.1 2"],
  ["v{,1,22}", "v v1 v22", "v2"],
  ["a,b", "a,b", "a b"],
  ["a}", "a}", "a"],
  ["\\*", "*", "a"],
  ["/^v\\d+$/", "v1 v22", "v1.2 xv1"],
  ["/rc/", "1-rc rcx", "RC 1"],
  ["/rc/i", "1-RC", "1"],
  ["/a/b/", "xa/bx", "a b"],
];

describe("filters", () => {
  for (const [filter, hits, misses] of cases) {
    test(filter, () => {
      const { text, matches } = parseTagFilter(filter);
      assert.equal(text, filter);
      for (const name of hits.split(" ")) assert.ok(matches(name), `${filter} matches ${name}`);
      for (const name of misses === "" ? [] : misses.split(" "))
        assert.ok(!matches(name), `${filter}: no ${name}`);
    });
  }

  test("what is none", () => {
    const bad = [
      "[",
      "[a",
      "a{b",
      "{a,{b}",
      "[z-a]",
      "a\\",
      "/x",
      "/",
      "/(/",
      "/a/x",
      "/a/gi",
      "*".repeat(1001),
    ];
    for (const filter of bad) {
      assert.throws(
        () => parseTagFilter(filter),
        (error) => isRegctlError(error, "USAGE"),
        filter,
      );
    }
  });
});

test("a glob that is made to be slow is not", () => {
  const hostile = `${"*a".repeat(200)}b`;
  const matches = compileGlob(hostile);
  assert.ok(typeof matches !== "string");
  assert.equal(matches("a".repeat(500)), false);
  const nested = compileGlob(`${"{".repeat(300)}*a*${"}".repeat(300)}`);
  assert.ok(typeof nested !== "string");
  assert.equal(nested("a".repeat(500)), true);
});

test("a name, escaped, is a glob for itself alone; with stars put in it still matches", () => {
  const name = fc.string({ unit: fc.constantFrom(..."ab1.-_*?[]{},\\"), maxLength: 12 });
  const matches = (pattern: string, text: string) => {
    const compiled = compileGlob(pattern);
    assert.ok(typeof compiled !== "string", `${pattern}: ${compiled}`);
    return compiled(text);
  };
  const literal = (text: string) => text.replaceAll(/[*?[\]{},\\]/g, "\\$&");
  fc.assert(
    fc.property(name, name, fc.nat(12), (text, other, place) => {
      assert.ok(matches(literal(text), text));
      assert.equal(matches(literal(text), other), text === other);
      const cut = Math.min(place, text.length);
      assert.ok(matches(`${literal(text.slice(0, cut))}*${literal(text.slice(cut))}`, text));
      assert.ok(matches(`{${literal(other)},${literal(text)}}`, text));
    }),
    { numRuns: 500 },
  );
});

test("the tag of a reference may be a glob, its host may look like one", () => {
  const pattern = parseTagPattern("[::1]:5000/team/app:v{1,2}.*");
  assert.equal(pattern?.name, "[::1]:5000/team/app");
  assert.ok(pattern?.filter.matches("v2.0"));
  assert.equal(parseTagPattern("app:*")?.name, "app");
  for (const plain of ["app", "app:1", "[::1]:5000/app", "[::1]:5000/app:1", "r.test:5000/app", "app*"]) {
    assert.equal(parseTagPattern(plain), null, plain);
  }
  assert.throws(() => parseTagPattern("app:v[1"));
  assert.ok(isGlob("a*") && isGlob("a[b]") && isGlob("{a}") && isGlob("?") && !isGlob("v1.0-rc_2"));
});

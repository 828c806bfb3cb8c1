import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rankName, rankNames } from "../../src/registry/search-rank.ts";

test("exact, then with the term in it, then with its letters in order", () => {
  const names = [
    "postgres-exporter",
    "team/postgres",
    "postgres",
    "my-postgres",
    "xpostgresx",
    "pg/ostgres",
    "redis",
  ];
  assert.deepEqual(rankNames("postgres", names), [
    "postgres",
    "team/postgres",
    "my-postgres",
    "postgres-exporter",
    "xpostgresx",
    "pg/ostgres",
  ]);
});

test("kinds", () => {
  assert.equal(rankName("App", "team/app")?.kind, "exact");
  assert.equal(rankName("app", "apple")?.kind, "substring");
  assert.equal(rankName("nginx", "nagiosx-inx"), null);
  assert.equal(rankName("ngnx", "nginx")?.kind, "fuzzy");
  assert.equal(rankName("team/app", "team/app")?.kind, "exact");
  assert.equal(rankName("tp", "team/app"), null);
  assert.equal(rankName("", "anything")?.kind, "substring");
  assert.equal(rankName("xyz", "abc"), null);
  assert.equal(rankName("abc", "cba"), null);
});

test("the tightest place counts", () => {
  const cost = (name: string) => rankName("abc", name)?.cost ?? Number.POSITIVE_INFINITY;
  assert.ok(cost("a-bc") < cost("a-b-c"));
  assert.equal(cost("a-----a-bc") - cost("--a-bc-----"), -1);
});

test("a name that holds the term is a hit, and so is one with letters put in", () => {
  const word = fc.stringMatching(/^[a-z0-9/-]{3,10}$/);
  fc.assert(
    fc.property(word, word, word, fc.nat(10), (term, before, after, place) => {
      assert.notEqual(rankName(term, before + term + after), null);
      const cut = Math.min(place, term.length);
      assert.notEqual(rankName(term, `${term.slice(0, cut)}.${term.slice(cut)}`), null);
      const [first] = rankNames(term, [before + term, term, `x${term}`]);
      assert.equal(first, term);
    }),
  );
});

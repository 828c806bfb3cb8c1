import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  catalogScope,
  coversScopes,
  mergeScopes,
  parseScopes,
  renderScope,
  repositoryScope,
} from "../../src/registry/scope.ts";

test("scopes are written with sorted actions", () => {
  assert.equal(renderScope(repositoryScope("a/b", "push", "pull", "push")), "repository:a/b:pull,push");
  assert.equal(renderScope(catalogScope), "registry:catalog:*");
});

test("and read, a port in the name or not", () => {
  const text =
    "repository:host:5000/a/b:pull,push  registry:catalog:*\trepository(plugin):x:pull nonsense a:b ::";
  assert.deepEqual(parseScopes(text), [
    { type: "repository", name: "host:5000/a/b", actions: ["pull", "push"] },
    { type: "registry", name: "catalog", actions: ["*"] },
    { type: "repository(plugin)", name: "x", actions: ["pull"] },
  ]);
  assert.deepEqual(parseScopes(""), []);
});

test("merging", () => {
  const mount = mergeScopes(
    [repositoryScope("z", "push"), repositoryScope("a", "pull")],
    [repositoryScope("z", "pull")],
  );
  assert.deepEqual(mount.map(renderScope), ["repository:a:pull", "repository:z:pull,push"]);
});

test("covering", () => {
  const held = [repositoryScope("a", "pull", "push"), repositoryScope("b", "*")];
  assert.ok(coversScopes(held, [repositoryScope("a", "pull")]));
  assert.ok(coversScopes(held, [repositoryScope("b", "delete"), repositoryScope("a", "push")]));
  assert.ok(coversScopes(held, []));
  assert.ok(!coversScopes(held, [repositoryScope("a", "delete")]));
  assert.ok(!coversScopes(held, [repositoryScope("a/b", "pull")]));
  assert.ok(!coversScopes(held, [catalogScope]));
});

test("equal sets are written the same, and cover each other", () => {
  const action = fc.constantFrom("pull", "push", "delete", "*");
  const scope = fc.record({
    type: fc.constantFrom("repository", "registry"),
    name: fc.constantFrom("a", "a/b", "h:5000/a"),
    actions: fc.array(action, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 6 }), (scopes) => {
      const merged = mergeScopes(scopes);
      assert.deepEqual(mergeScopes([...scopes].reverse()), merged);
      assert.deepEqual(mergeScopes(merged, scopes), merged);
      assert.ok(coversScopes(merged, scopes) && coversScopes(scopes, merged));
      assert.deepEqual(parseScopes(merged.map(renderScope).join(" ")), merged);
    }),
  );
});

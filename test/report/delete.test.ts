import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeletedItem } from "../../src/browse/delete-outcome.ts";
import { renderDelete } from "../../src/report/delete.ts";

const options = { color: false, unicode: true, columns: 200 };
const item: DeletedItem = {
  reference: "r.test/app:1",
  deleted: "tag",
  digest: "sha256:abc",
  alsoTagged: ["same", "2"],
  way: "dummy-manifest",
  notes: ["A note"],
};
const render = (...items: readonly DeletedItem[]) => renderDelete({ dryRun: false, items }, options);

test("a tag whose image stays frees nothing, and nothing is said of space", () => {
  assert.deepEqual(render(item), [
    "✔ Deleted the tag r.test/app:1 (it was sha256:abc).",
    "  The same image stays as same, 2.",
    "  A note.",
  ]);
});

test("the last tag: how the space comes back, and where -m does harm", () => {
  const text = render({ ...item, alsoTagged: [], notes: [] }).join("\n");
  assert.match(text, /registry:2 {2}registry garbage-collect -m \/etc\/docker\/registry\/config\.yml/);
  assert.match(text, /regctl {6}regctl serve gc --untagged\nNone of them does it by itself/);
  assert.match(text, /▲ On registry:2, -m also removes/);
});

test("a manifest: what goes with it, and garbage collection without -m", () => {
  const text = render({ ...item, deleted: "manifest", way: "by-digest", notes: [] }).join("\n");
  assert.match(text, /^✔ Deleted the manifest r\.test\/app:1 \(sha256:abc\)\.\n {2}With it went same, 2\./);
  assert.match(text, /garbage-collect \/etc\/distribution/);
  assert.match(text, /regctl serve gc\n/);
  assert.doesNotMatch(text, / -m/);
});

test("a plan says what would be, and how", () => {
  const [line] = renderDelete({ dryRun: true, items: [item] }, options);
  const way = "by a placeholder, since the registry deletes by digest alone";
  assert.equal(line, `→ Would delete the tag r.test/app:1 (sha256:abc), ${way}.`);
});

test("a failure among others keeps its remedies, and control characters do nothing", () => {
  const error = { code: "NOT_FOUND", message: "gone\u001b[31m", remedies: ["do this"] } as const;
  const failed = {
    ...item,
    deleted: "none",
    digest: null,
    way: null,
    alsoTagged: [],
    notes: [],
    error,
  } as const;
  assert.deepEqual(render(failed), ["✖ r.test/app:1: gone\\u001b[31m", "  → do this"]);
});

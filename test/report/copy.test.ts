import assert from "node:assert/strict";
import { test } from "node:test";
import { renderCopy } from "../../src/report/copy.ts";
import type { CopyItem } from "../../src/transfer/outcome.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const mib = 2 ** 20;
const options = { columns: 1000, color: false, unicode: true };
const item: CopyItem = {
  source: "r.test/app:1",
  destination: "s.test/app:1",
  digest,
  pull: `s.test/app@${digest}`,
  bytesMoved: 100 * mib,
  bytesReused: 20 * mib,
  blobs: { moved: 2, reused: 1, mounted: 0 },
  manifests: 3,
  referrers: 0,
  replaced: null,
  changed: true,
  leftOut: [],
  seconds: 2,
};
const render = (items: readonly CopyItem[], dryRun = false) => renderCopy({ dryRun, items }, options);

test("what moved, what was reused, and the line to paste", () => {
  assert.deepEqual(render([item]), [
    "✔ r.test/app:1 → s.test/app:1",
    "  Moved 100 MiB in 2 blobs in 2 s (50 MiB/s); 20 MiB reused (1 blob there already).",
    `  docker pull s.test/app@${digest}`,
  ]);
});

test("what was linked, and what refers to it", () => {
  const blobs = { moved: 0, reused: 0, mounted: 3 };
  const [, line] = render([{ ...item, bytesMoved: 0, blobs, referrers: 2, seconds: 0 }]);
  assert.equal(line, "  Moved nothing; 20 MiB reused (3 linked within the registry); 2 referrers.");
});

test("nothing to do, and nothing done", () => {
  assert.equal(render([{ ...item, changed: false }])[1], "  It was there already.");
  assert.deepEqual(render([item], true), [
    "• r.test/app:1 → s.test/app:1",
    "  Would move 100 MiB in 2 blobs; 20 MiB reused (1 blob there already).",
    "Nothing was changed.",
  ]);
});

test("a layer that was left out is told", () => {
  assert.match(render([{ ...item, leftOut: [digest] }])[2] ?? "", /^ {2}▲ sha256:a+ was left out/);
});

test("one of several that failed, and the sum", () => {
  const error = {
    code: "NOT_FOUND",
    message: "It is \u001b not there.",
    remedies: ["regctl tags r.test/app"],
  };
  const lines = render([item, { ...item, bytesMoved: 0, error }]);
  assert.deepEqual(lines.slice(3), [
    "✖ r.test/app:1: It is \\u001b not there.",
    "  → regctl tags r.test/app",
    "1 image copied, 100 MiB moved, 1 failed.",
  ]);
});

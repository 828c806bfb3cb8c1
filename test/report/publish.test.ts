import assert from "node:assert/strict";
import { test } from "node:test";
import type { PublishItem, PublishOutcome } from "../../src/publish/outcome.ts";
import { renderPublish } from "../../src/report/publish.ts";

const options = { color: false, unicode: true, columns: 200 };
const item: PublishItem = {
  reference: "r.test/app:1",
  digest: "sha256:abc",
  imageId: "sha256:def",
  via: "direct",
  bytesSent: 3 * 2 ** 20,
  bytesReused: 2 ** 20,
  layers: { sent: 1, reused: 0, mounted: 2 },
  seconds: 1.5,
  replaced: null,
  changed: true,
  pull: "r.test/app@sha256:abc",
  tagged: true,
};
const outcome: PublishOutcome = { dryRun: false, via: "direct", why: "it is faster", items: [item] };

test("what travelled, by which way and why, and the line to paste", () => {
  assert.deepEqual(renderPublish(outcome, options), [
    "✔ r.test/app:1 → sha256:abc",
    "  Sent 3 MiB in 1 layer in 1.5 s, the direct way: it is faster; 1 MiB reused (2 linked within the registry).",
    "  docker pull r.test/app@sha256:abc",
  ]);
});

test("the same again, over another image, and without a name in an engine", () => {
  const again = { ...item, bytesSent: 0, changed: false, layers: { sent: 0, reused: 1, mounted: 0 } };
  const text = renderPublish({ ...outcome, items: [again] }, options).join("\n");
  assert.match(text, /It led there already\.\n {2}Sent nothing in 1\.5 s/);
  const over = { ...item, replaced: "sha256:old", tagged: false } as const;
  assert.match(
    renderPublish({ ...outcome, items: [over] }, options).join("\n"),
    /Replaced sha256:old\.\n {2}Not tagged in an engine\./,
  );
});

test("a plan says what would be, and has nothing to paste", () => {
  const planned = { ...item, digest: null, pull: null, tagged: false };
  assert.deepEqual(renderPublish({ ...outcome, dryRun: true, items: [planned] }, options), [
    "• r.test/app:1 → a digest that shows when it is packed",
    "  Would send at most 3 MiB in 1 layer, the direct way: it is faster; 1 MiB reused (2 linked within the registry).",
    "Nothing was changed.",
  ]);
});

test("what a registry says cannot move the cursor", () => {
  const evil = { ...item, reference: "r.test/app:\u001b[2J" };
  assert.ok(
    !renderPublish({ ...outcome, items: [evil] }, options)
      .join("\n")
      .includes("\u001b"),
  );
});

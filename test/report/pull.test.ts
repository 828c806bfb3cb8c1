import assert from "node:assert/strict";
import { test } from "node:test";
import type { PullItem } from "../../src/pull/outcome.ts";
import { renderPull } from "../../src/report/pull.ts";

const options = { columns: 200, color: false, unicode: false };

const item: PullItem = {
  reference: "r:5000/app:1",
  digest: `sha256:${"d".repeat(64)}`,
  imageId: `sha256:${"1".repeat(64)}`,
  via: "direct",
  why: "the engine does not take plain HTTP from this registry",
  platform: "linux/amd64",
  names: ["r:5000/app:1"],
  output: null,
  bytesReceived: 200 * 1024 * 1024,
  bytesReused: 1024,
  layers: { received: 2, reused: 1 },
  changed: true,
  digestKnown: false,
  seconds: 4,
};

test("a direct pull says what came, why so, and that no digest is known", () => {
  assert.deepEqual(renderPull({ items: [item] }, options), [
    "+ r:5000/app:1",
    `  id 111111111111  linux/amd64  ${item.digest}`,
    "  Received 200 MiB in 2 layers in 4 s (50 MiB/s); 1 KiB in 1 layer there already. Directly: the engine does not take plain HTTP from this registry.",
    "* The image was loaded, so the engine does not know this digest: use r:5000/app:1 there, not NAME@DIGEST.",
  ]);
});

test("without a name it says how it gets one", () => {
  const [, , , said, line] = renderPull(
    { items: [{ ...item, reference: "r:5000/app@sha256:d", names: [] }] },
    options,
  );
  assert.match(String(said), /use its id, 111111111111 there/);
  assert.equal(line, "  A name for it: regctl pull r:5000/app@sha256:d --as NAME:TAG");
});

test("an engine that does not tell sizes, local names, files, and nothing to do", () => {
  const engine: PullItem = {
    ...item,
    via: "engine",
    why: "the engine trusts the registry",
    bytesReused: null,
    digestKnown: true,
    names: ["r:5000/app:1", "app:1"],
  };
  assert.deepEqual(renderPull({ items: [engine] }, options), [
    "+ r:5000/app:1 -> app:1",
    `  id 111111111111  linux/amd64  ${item.digest}`,
    "  Received 200 MiB in 2 layers in 4 s (50 MiB/s); 1 layer there already. Through the engine: the engine trusts the registry.",
  ]);
  const file: PullItem = {
    ...item,
    via: "file",
    why: null,
    imageId: null,
    platform: null,
    names: [],
    output: "oci:x:1",
    bytesReused: 0,
    layers: { received: 3, reused: 0 },
  };
  assert.deepEqual(renderPull({ items: [file] }, options), [
    "+ r:5000/app:1 -> oci:x:1",
    `  ${item.digest}`,
    "  Received 200 MiB in 3 blobs in 4 s (50 MiB/s).",
  ]);
  const same = renderPull({ items: [{ ...engine, changed: false }] }, options);
  assert.match(String(same[2]), /^ {2}It was there already\. Through the engine/);
});

test("of several, one that failed, with its remedies; what comes from outside acts on no terminal", () => {
  const error = { code: "NOT_FOUND", message: "gone\u001b[2J", remedies: ["regctl tags app"] };
  assert.deepEqual(renderPull({ ok: false, items: [{ ...item, error }] }, options), [
    "x r:5000/app:1: gone\\u001b[2J",
    "  -> regctl tags app",
  ]);
});

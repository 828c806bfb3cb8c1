/** `tags` as people read it: whole texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TagItem, TagsOutcome } from "../../src/browse/tags-outcome.ts";
import { computeDigest } from "../../src/registry/digest.ts";
import { widthOf } from "../../src/report/table.ts";
import { renderTags } from "../../src/report/tags.ts";

const wide = { columns: 1000, color: false, unicode: true };
const now = new Date("2026-01-10T00:00:00Z");
const one = computeDigest("one");

const item: TagItem = {
  tag: "2.0",
  digest: one,
  kind: "index",
  artifactType: null,
  created: "2026-01-07T00:00:00.000Z",
  size: 30 * 1024 * 1024,
  sizePlatform: "linux/amd64",
  platforms: ["linux/amd64", "linux/arm64", "linux/arm/v7", "windows(10.0.17763.1)/amd64"],
  alsoTagged: ["latest"],
};
const chart: TagItem = {
  ...item,
  tag: "chart-1.0",
  digest: computeDigest("chart"),
  kind: "artifact",
  artifactType: "application/vnd.cncf.helm.config.v1+json",
  platforms: [],
  size: 900,
  alsoTagged: [],
};
const hidden: TagItem = {
  ...chart,
  tag: "reproducible-build-of-a-branch-with-a-name",
  digest: computeDigest("hidden"),
  kind: "image",
  artifactType: null,
  created: "1970-01-01T00:00:00.000Z",
  size: null,
};
const broken: TagItem = {
  ...hidden,
  tag: "broken",
  digest: null,
  kind: null,
  created: null,
  error: { code: "CONTENT_BROKEN", message: "It is no JSON object.\u001b[31m", remedies: ["again"] },
};
const outcome: TagsOutcome = {
  registry: "r.test:5000",
  name: "team/app",
  sort: "created",
  total: 5,
  matching: 5,
  aboutImages: 0,
  items: [item, { ...item, tag: "latest", alsoTagged: ["2.0"] }, chart, hidden, broken],
  missing: [],
  ok: false,
};

const render = (change: Partial<TagsOutcome>, options = wide) =>
  renderTags({ ...outcome, ...change }, options, now);

test("a tag on the digest of one above it says so", () => {
  assert.deepEqual(render({}), [
    "TAG                                         CREATED     SIZE    PLATFORMS                                                DIGEST",
    `2.0                                         3d ago      30 MiB  linux/amd64, arm64, arm/v7, windows(10.0.17763.1)/amd64  ${one.slice(7, 19)}`,
    "latest                                      3d ago      30 MiB  linux/amd64, arm64, arm/v7, windows(10.0.17763.1)/amd64  = 2.0",
    `chart-1.0                                   3d ago      900 B   Helm chart                                               ${computeDigest("chart").slice(7, 19)}`,
    `reproducible-build-of-a-branch-with-a-name  1970-01-01  –       –                                                        ${computeDigest("hidden").slice(7, 19)}`,
    "broken                                      –           –       broken                                                   –",
    "✖ broken: It is no JSON object.\\u001b[31m",
  ]);
});

test("at 80 columns the table fits, long tags and platforms are shortened", () => {
  const lines = render({}, { ...wide, columns: 80 });
  assert.deepEqual(lines.slice(0, 5), [
    "TAG                             CREATED     SIZE    PLATFORMS       DIGEST",
    `2.0                             3d ago      30 MiB  linux/amd64 +3  ${one.slice(7, 19)}`,
    "latest                          3d ago      30 MiB  linux/amd64 +3  = 2.0",
    `chart-1.0                       3d ago      900 B   Helm chart      ${computeDigest("chart").slice(7, 19)}`,
    `reproducible-build-of-a-branc…  1970-01-01  –       –               ${computeDigest("hidden").slice(7, 19)}`,
  ]);
  assert.ok(lines.every((line) => widthOf(line) <= 80));
});

test("at 60 columns and in ASCII", () => {
  const lines = render({}, { columns: 60, color: false, unicode: false });
  assert.deepEqual(lines.slice(0, 3), [
    "TAG            CREATED     SIZE    PLATFORMS   DIGEST",
    `2.0            3d ago      30 MiB  amd64 +3    ${one.slice(7, 19)}`,
    "latest         3d ago      30 MiB  amd64 +3    = 2.0",
  ]);
  assert.ok(lines.every((line) => widthOf(line) <= 60));
  assert.ok(lines.join("").match(/^[\x20-\x7e]*$/));
});

test("what is not shown is told", () => {
  const rest = render({ items: [item], matching: 7, total: 9, aboutImages: 2, missing: ["a", "b"] }).slice(2);
  assert.deepEqual(rest, [
    "1 of 7 tags; --limit shows more.",
    "2 tags that say something about an image (signatures and the like) are left out; --filter 'sha*' shows them.",
    "▲ Listed, but without a manifest (deleted meanwhile, or left behind): a, b",
  ]);
});

test("nothing is a sentence", () => {
  assert.deepEqual(render({ items: [], total: 0, matching: 0 }), ["r.test:5000/team/app has no tags."]);
  assert.deepEqual(render({ items: [], total: 4, matching: 0 }), [
    "None of the 4 tags of r.test:5000/team/app fits the filter.",
  ]);
});

test("names from outside cannot act on a terminal", () => {
  const lines = render({ items: [{ ...item, tag: "a\u001b[2Jb", platforms: ["linux/\u202eevil"] }] });
  assert.match(lines[1] ?? "", /^a\\u001b\[2Jb .*linux\/\\u202eevil/);
});

/** `search` as people read it: whole texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SearchItem, SearchOutcome } from "../../src/browse/search-outcome.ts";
import { renderSearch } from "../../src/report/search.ts";
import { widthOf } from "../../src/report/table.ts";

const wide = { columns: 1000, color: false, unicode: true };
const now = new Date("2026-01-10T00:00:00Z");

const app: SearchItem = {
  name: "team/app",
  tags: 12,
  detailed: true,
  newestTag: "1.3.2",
  updated: "2026-01-09T12:00:00.000Z",
  size: 2048,
  platforms: ["linux/amd64", "linux/arm64"],
  artifactType: null,
  matchingTags: [],
  closed: false,
};
const empty = { newestTag: null, updated: null, size: null, platforms: [] };
const chart: SearchItem = {
  ...app,
  name: "chart",
  newestTag: "a-tag-that-is-longer-than-most",
  platforms: [],
  artifactType: "application/vnd.cncf.helm.config.v1+json",
};
const closed: SearchItem = { ...app, ...empty, name: "secret", tags: null, closed: true };
const failed: SearchItem = {
  ...closed,
  name: "bad",
  closed: false,
  error: { code: "REGISTRY_ERROR", message: "It answered 500.", remedies: ["again"] },
};
const outcome: SearchOutcome = {
  registry: "r.test",
  term: "app",
  from: "catalog",
  items: [app, chart, closed, failed],
  hits: 4,
  empty: 0,
  rows: 4,
  everyTag: false,
  requests: 17,
};
const render = (change: Partial<SearchOutcome>, options = wide) =>
  renderSearch({ ...outcome, ...change }, options, now);

test("rows with what is newest; what is closed or failed says so", () => {
  assert.deepEqual(render({}), [
    "NAME      TAGS  NEWEST                UPDATED  SIZE   PLATFORMS",
    "team/app  12    1.3.2                 12h ago  2 KiB  linux/amd64, arm64",
    "chart     12    a-tag-that-is-longe…  12h ago  2 KiB  Helm chart",
    "secret    –     –                     –        –      no access",
    "bad       –     –                     –        –      failed",
    "✖ bad: It answered 500.",
  ]);
});

test("at 60 columns in ASCII", () => {
  const lines = render({ items: [app], rows: 1, hits: 1 }, { columns: 60, color: false, unicode: false });
  assert.deepEqual(lines, [
    "NAME      TAGS  NEWEST  UPDATED  SIZE   PLATFORMS",
    "team/app  12    1.3.2   12h ago  2 KiB  linux/amd64, arm64",
  ]);
  const narrow = render({}, { columns: 60, color: false, unicode: false });
  assert.ok(narrow.every((line) => widthOf(line) <= 60));
});

test("with --tags the tags that match stand in place of the platforms", () => {
  const lines = render({ items: [{ ...app, matchingTags: ["1.3.2", "1.3"] }, closed], rows: 2 });
  assert.deepEqual(lines.slice(0, 3), [
    "NAME      TAGS  NEWEST  UPDATED  SIZE   MATCHING TAGS",
    "team/app  12    1.3.2   12h ago  2 KiB  1.3.2, 1.3",
    "secret    –     –       –        –      no access",
  ]);
});

test("what is not shown, what it cost, and where it is from", () => {
  const lines = render({ items: [app, app], rows: 1, hits: 300, empty: 1, everyTag: true, from: "search" });
  assert.deepEqual(lines.slice(2), [
    "1 of 300 repositories; --limit shows more. It took 17 requests.",
    "1 repository without tags is left out.",
    "The registry does not list its repositories; these were found by its own search.",
  ]);
});

test("nothing is a friendly line", () => {
  const nothing = { items: [], rows: 0, hits: 0 };
  assert.deepEqual(render({ ...nothing, term: "zz\u001b[2J" }), ['Nothing in r.test fits "zz\\u001b[2J".']);
  assert.deepEqual(render({ ...nothing, term: "", empty: 3 }), [
    "r.test shows no repositories.",
    "3 repositories without tags are left out.",
  ]);
});

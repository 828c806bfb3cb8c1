import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../src/browse/duration.ts";
import { createTagChooser } from "../../src/browse/likely-newest.ts";
import { platformOfMachine } from "../../src/browse/machine-platform.ts";
import { isAboutImages, newestOf, orderItems, orderNames } from "../../src/browse/tag-order.ts";
import { isRegctlError } from "../../src/errors.ts";

const item = (tag: string, created: string | null, size: number | null) => ({ tag, created, size });
const items = [
  item("latest", "2026-01-02T00:00:00Z", 10),
  item("1.2", "2026-01-02T00:00:00Z", 10),
  item("untold", null, null),
  item("1.10", "2025-01-01T00:00:00.5Z", 30),
  item("0.9", "2026-01-03T00:00:00Z", 0),
];
const tagsOf = (sorted: typeof items | readonly (typeof items)[number][]) => sorted.map(({ tag }) => tag);

test("each order, with what nobody told at the end and versions among equals", () => {
  assert.deepEqual(tagsOf(orderItems(items, "created")), ["0.9", "1.2", "latest", "1.10", "untold"]);
  assert.deepEqual(tagsOf(orderItems(items, "size")), ["1.10", "1.2", "latest", "0.9", "untold"]);
  assert.deepEqual(tagsOf(orderItems(items, "semver")), ["1.10", "1.2", "0.9", "untold", "latest"]);
  assert.deepEqual(tagsOf(orderItems(items, "name")), ["0.9", "1.10", "1.2", "latest", "untold"]);
});

test("names alone are in the same order as items", () => {
  for (const order of ["semver", "name"] as const) {
    assert.deepEqual(orderNames(tagsOf(items), order), tagsOf(orderItems(items, order)));
  }
});

test("the newest, a version rather than its alias", () => {
  assert.equal(newestOf(items.slice(0, 2))?.tag, "1.2");
  assert.equal(newestOf([]), null);
});

test("likely the newest: latest, high versions, and for a third names", () => {
  const chooser = createTagChooser(6);
  chooser.add(["a", "b", "1.0", "1.9", "1.10"]);
  chooser.add(["c", "latest", "2.0", "2024-01-01", "v3"]);
  assert.deepEqual(chooser.choose(), ["latest", "2024-01-01", "v3", "2.0", "c", "b"]);
});

test("what there is fills the places, in whatever pages it comes", () => {
  const choose = (pages: readonly (readonly string[])[], most: number) => {
    const chooser = createTagChooser(most);
    for (const page of pages) chooser.add(page);
    return chooser.choose();
  };
  assert.deepEqual(choose([["a", "b", "c"]], 6), ["c", "b", "a"]);
  assert.deepEqual(
    choose(
      [
        ["1", "2"],
        ["3", "4"],
      ],
      3,
    ),
    ["4", "3", "2"],
  );
  assert.deepEqual(choose([["1", "a", "latest", "1"]], Number.POSITIVE_INFINITY), ["latest", "1", "a"]);
  assert.deepEqual(choose([], 3), []);
});

test("tags about images are known by their names", () => {
  const hex = "0123456789abcdef".repeat(4);
  for (const tag of [`sha256-${hex}`, `sha256-${hex}.sig`, `sha256__${hex}`, `sha512-${hex}`]) {
    assert.ok(isAboutImages(tag), tag);
    const chooser = createTagChooser(5);
    chooser.add([tag]);
    assert.deepEqual(chooser.choose(), []);
  }
  for (const tag of ["sha256-1", "sha-0123456", "1.0", hex]) assert.ok(!isAboutImages(tag), tag);
});

test("durations", () => {
  const days = 86_400_000;
  assert.deepEqual(
    ["90s", "15m", "12h", "30d"].map((text) => parseDuration(text, "--since")),
    [90_000, 900_000, days / 2, 30 * days],
  );
  for (const text of ["", "30", "1w", "-1d", "1.5h", "1d2h", "9999999999d", "\u001b[0m"]) {
    assert.throws(
      () => parseDuration(text, "--since"),
      (error) =>
        isRegctlError(error, "USAGE") &&
        error.facts.type === "--since 30d" &&
        !/\p{Cc}/u.test(error.facts.problem),
      text,
    );
  }
});

test("the platform of images for this machine", () => {
  assert.deepEqual(platformOfMachine("x64"), { os: "linux", architecture: "amd64" });
  assert.deepEqual(platformOfMachine("arm"), { os: "linux", architecture: "arm", variant: "v7" });
  assert.deepEqual(platformOfMachine("riscv64"), { os: "linux", architecture: "riscv64" });
  assert.deepEqual(platformOfMachine("toString"), { os: "linux", architecture: "toString" });
});

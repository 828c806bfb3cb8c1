/** Every row of the table of quirks, tried on a registry that has it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { catalogElsewhere, deletionElsewhere, loginElsewhere, quirks } from "../../src/registry/quirks.ts";
import { authTests } from "./quirks/auth.ts";
import { contentTests } from "./quirks/content.ts";
import { listTests } from "./quirks/lists.ts";

const tests = { ...listTests, ...authTests, ...contentTests };

test("each row has its test, each test its row, and each id is there once", () => {
  const ids = quirks.map(({ id }) => id);
  assert.deepEqual(Object.keys(tests).sort(), [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
  const counts = [listTests, authTests, contentTests].map((each) => Object.keys(each).length);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    ids.length,
  );
});

test("docs/vendors.md has each row, as the code has it", async () => {
  const page = await readFile(new URL("../../docs/vendors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];
  assert.deepEqual(
    rows.map(([, id, system, quirk, source]) => ({ id, system, quirk, source })),
    quirks.map(({ id, system, quirk, source }) => ({ id, system, quirk, source })),
  );
});

test("words for one vendor are for that vendor alone", () => {
  assert.match(deletionElsewhere("ghcr.io") ?? "", /^GitHub /);
  assert.match(catalogElsewhere("ghcr.io").join("\n"), /gh api/);
  assert.match(catalogElsewhere("registry.gitlab.com").join("\n"), /glab api/);
  assert.deepEqual(catalogElsewhere("registry.gitlab.com.example"), []);
  assert.match(deletionElsewhere("docker.io") ?? "", /hub\.docker\.com/);
  assert.equal(deletionElsewhere("ghcr.io.example"), null);
  const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  assert.match(loginElsewhere(ecr) ?? "", new RegExp(`regctl login ${ecr} --username AWS`));
  assert.match(loginElsewhere("europe-docker.pkg.dev") ?? "", /oauth2accesstoken/);
  assert.equal(loginElsewhere("registry.example:5000"), null);
});

describe("quirk", { concurrency: 4 }, () => {
  for (const { id, system } of quirks) {
    test(`${id} (${system})`, async () => {
      const tried = tests[id];
      assert.ok(tried !== undefined, `${id} has no test`);
      await tried();
    });
  }
});

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { exitCodeOf } from "../../src/exit-codes.ts";
import { platforms } from "../../src/platform/platforms/table.ts";

const page = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/exit-codes.md has every error code with its exit code, and no other", async () => {
  const rows = [...(await page("exit-codes.md")).matchAll(/^\| `([A-Z_]+)` \| (\d+) \| .{10,} \|$/gm)];
  const told = Object.fromEntries(rows.map(([, code, exit]) => [code, Number(exit)]));
  assert.deepEqual(told, exitCodeOf);
});

test("docs/setup.md names every platform that is written", async () => {
  const text = await page("setup.md");
  for (const platform of platforms.filter((each) => each.kind === "written")) {
    assert.match(text, new RegExp(`^\\| \`${platform.name.replace(".", "\\.")}\` \\|`, "m"), platform.name);
  }
});

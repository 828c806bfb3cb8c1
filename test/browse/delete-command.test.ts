/** `regctl delete` as it is typed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeImage } from "../support/image-maker.ts";
import { startOddRegistry } from "../support/odd-registry.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import { itemsOf, openCli } from "../support/test-cli.ts";

const image = makeImage();

test("deletes, shows, asks, and counts what waits", async () => {
  await using cli = await openCli();
  await using registry = await startOddRegistry("by-digest");
  await pushTree(registry.host, "app", ["1.0", "1.1", "same"], image);
  const name = `${registry.host}/app`;

  const waits = await cli.run(["delete", `${name}:1.0`, "--dry-run", "--exit-code", "--progress", "none"]);
  assert.equal(waits.code, 10);
  assert.match(waits.stdout, /^→ Would delete the tag .*by a placeholder/);

  assert.deepEqual(await cli.failure("delete", `${name}:1.*`), [2, "MISSING_ANSWER"]);
  assert.deepEqual(await cli.failure("delete", "--digest", `${name}:1.0`), [2, "MISSING_ANSWER"]);
  assert.equal(await digestAt(registry.host, "app", "1.0"), image.manifest.digest);

  const deleted = await cli.run(["delete", `${name}:1.0`]);
  assert.deepEqual(
    [deleted.code, deleted.stdout.split("\n")[1]],
    [0, "  The same image stays as 1.1, same."],
  );
  assert.deepEqual(await cli.failure("delete", `${name}:1.0`), [5, "NOT_FOUND"]);

  const document = await cli.document("delete", "app:1.*", "--registry", registry.host, "--yes");
  assert.deepEqual(
    itemsOf(document).map(({ reference, alsoTagged }) => [reference, alsoTagged]),
    [[`${name}:1.1`, ["same"]]],
  );
  assert.equal(await digestAt(registry.host, "app", "same"), image.manifest.digest);

  registry.deletes("off");
  const off = await cli.run(["delete", `${name}:same`, "--progress", "none"]);
  assert.equal(off.code, 3);
  assert.match(off.stderr, /has deletion switched off[\s\S]*REGISTRY_STORAGE_DELETE_ENABLED=true/);
});

/** `tags`, `search` and `inspect` as they are typed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeAttestation, makeImage, makeIndex } from "../support/image-maker.ts";
import { type OddRegistry, startOddRegistry } from "../support/odd-registry.ts";
import { pushTree } from "../support/registry-content.ts";
import { openCli, type TestCli } from "../support/test-cli.ts";

const amd = makeImage({ seed: "amd", created: "2026-01-02T00:00:00Z" });
const arm = makeImage({ seed: "arm", platform: "linux/arm64", created: "2026-01-02T00:00:00Z" });
const both = makeIndex([amd, arm], { attestations: [makeAttestation(amd)] });

describe("as it is typed", () => {
  let cli: TestCli;
  let registry: OddRegistry;
  let host: string;
  before(async () => {
    registry = await startOddRegistry();
    ({ host } = registry);
    await pushTree(host, "team/app", ["1.0", "latest"], both);
    await pushTree(host, "other", ["x"], amd);
    cli = await openCli({ LC_ALL: "C.UTF-8", REGCTL_REGISTRY: host });
  });
  after(async () => {
    await cli?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  test("tags: a table on standard output, nothing on standard error", async () => {
    const { code, stdout, stderr } = await cli.run(["tags", "team/app"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const [header, first, second] = stdout.split("\n");
    assert.match(header ?? "", /^TAG +CREATED +SIZE +PLATFORMS +DIGEST$/);
    assert.match(first ?? "", /^1\.0 .* linux\/amd64, arm64 +[0-9a-f]{12}$/);
    assert.match(second ?? "", /^latest .* = 1\.0$/);
  });

  test("tags: refuses a tag, an order and a limit that are none", async () => {
    assert.deepEqual(await cli.failure("tags", "team/app:1.0"), [2, "BAD_REFERENCE"]);
    assert.deepEqual(await cli.failure("tags", "team/app", "--sort", "age"), [2, "USAGE"]);
    assert.deepEqual(await cli.failure("tags", "team/app", "--limit", "0"), [2, "USAGE"]);
    assert.deepEqual(await cli.failure("tags", "team/nope"), [5, "NOT_FOUND"]);
  });

  test("search: one document, and a friendly line for no hit", async () => {
    const { items, registry: named } = await cli.document("search", "app");
    assert.ok(Array.isArray(items));
    assert.deepEqual([items.map(({ name, tags }) => [name, tags]), named], [[["team/app", 2]], host]);
    const none = await cli.run(["search", "zzz"]);
    assert.deepEqual([none.code, none.stdout], [0, `Nothing in ${host} fits "zzz".\n`]);
  });

  test("search: what Docker Hub lacks is said with what works", async () => {
    const { code, stderr } = await cli.run(["search", "docker.io/alpine"]);
    assert.equal(code, 1);
    assert.match(stderr, /gives nobody a list[\s\S]*regctl tags docker\.io\/library\/NAME/);
  });

  test("inspect: text shows one variant, --json all", async () => {
    const platform = "--platform=linux/arm64";
    const text = await cli.run(["inspect", "team/app:1.0", platform]);
    assert.equal(text.code, 0);
    assert.match(text.stdout, /^kind +index|\nlinux\/arm64\n {2}digest/);
    const { platforms } = await cli.document("inspect", "team/app:1.0");
    assert.ok(Array.isArray(platforms));
    assert.deepEqual(
      platforms.map((each) => each.platform),
      ["linux/amd64", "linux/arm64"],
    );
    assert.deepEqual(await cli.failure("inspect", "team/app:1.0", "--platform", "windows/amd64"), [
      5,
      "PLATFORM_MISSING",
    ]);
  });

  test("inspect --raw: the very bytes, with --json too; errors are still documents", async () => {
    for (const more of [[], ["--json"]]) {
      const { code, stdout, stderr } = await cli.run(["inspect", "team/app", "--raw", ...more]);
      assert.deepEqual([code, stdout, stderr], [0, both.manifest.bytes.toString(), ""]);
    }
    assert.deepEqual(await cli.failure("inspect", "team/app:no", "--raw"), [5, "NOT_FOUND"]);
  });
});

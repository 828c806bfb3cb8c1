import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bundle } from "../../scripts/build.ts";
import { repository, runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

/** A package folder with the entry and another range of Node versions; its main says that it was reached. */
async function makePackage(root: string, range: string): Promise<string> {
  await cp(`${repository}/bin`, join(root, "bin"), { recursive: true });
  await writeFile(join(root, "package.json"), JSON.stringify({ type: "module", engines: { node: range } }));
  await mkdir(join(root, "dist"));
  await writeFile(
    join(root, "dist/main.js"),
    'export const start = () => process.stdout.write("reached\\n");',
  );
  return join(root, "bin/run.js");
}

describe("the version check", () => {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split(".").map(Number);
  const cases: readonly (readonly [range: string, runs: boolean])[] = [
    [`^${major}.${minor}.${patch}`, true],
    [`^${major}.${minor}.${patch + 1}`, false],
    [`^${major}.${minor + 1}.0`, false],
    [`^${major - 1}.0.0`, false],
    [`^${major - 1}.0.0 || ^${major}.0.0`, true],
    [`^${major + 1}.0.0 || >=${major + 2}.0.0`, false],
    [`>=${major - 1}.99.99`, true],
    [`>=${major}.${minor}.${patch}`, true],
    [`>=${major + 1}.0.0`, false],
  ];
  for (const [range, runs] of cases) {
    test(`${process.versions.node} ${runs ? "runs on" : "is refused by"} ${range}`, async () => {
      await using home = await createTempHome();
      const program = await makePackage(home.path, range);
      const { code, stdout, stderr } = await runCli([], { program });
      if (runs) return assert.deepEqual([code, stdout, stderr], [0, "reached\n", ""]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^regctl needs another Node\.js: this is \d.*\n {2}Install Node\.js 24/);
      const json = await runCli(["--json"], { program });
      assert.equal(json.code, 2);
      assert.equal(JSON.parse(json.stdout).error.code, "USAGE");
    });
  }

  test("package.json has a range of the form that is understood", async () => {
    const { engines } = JSON.parse(await readFile(`${repository}/package.json`, "utf8"));
    assert.match(engines.node, /^(\^|>=)\d+\.\d+\.\d+( \|\| (\^|>=)\d+\.\d+\.\d+)*$/);
  });
});

test("started through a symlink, as npm installs it", async () => {
  await using home = await createTempHome();
  const link = join(home.path, "regctl");
  await symlink(`${repository}/bin/run.js`, link);
  const { code, stdout } = await runCli(["--version"], { program: link });
  assert.equal(code, 0);
  assert.match(stdout, /^regctl \d/);
});

test("the bundle does without src and node_modules", async () => {
  await using home = await createTempHome();
  const root = join(home.path, "package");
  await mkdir(root);
  await cp(`${repository}/bin`, join(root, "bin"), { recursive: true });
  await cp(`${repository}/package.json`, join(root, "package.json"));
  await bundle(join(root, "dist"));
  const options = { program: join(root, "bin/run.js"), cwd: root, env: { HOME: home.path } };

  assert.match((await runCli(["--version"], options)).stdout, /^regctl \d/);
  assert.match(
    (await runCli(["setup", "insecure", "--help"], options)).stdout,
    /\$ regctl setup insecure REGISTRY/,
  );
  const refused = await runCli(["setup", "insecure", "under_score", "--json"], options);
  assert.deepEqual([refused.code, JSON.parse(refused.stdout).error.code], [2, "BAD_REGISTRY"]);
  const args = [
    "setup",
    "status",
    "--on",
    "user@127.0.0.1:1",
    "--ssh",
    "node",
    "--json",
    "--progress",
    "none",
  ];
  const source = await runCli(args, { env: { HOME: home.path } });
  assert.deepEqual(await runCli(args, options), source);
  assert.equal(source.code, 6);
  assert.deepEqual((await readdir(root)).sort(), ["bin", "dist", "package.json"]);
});

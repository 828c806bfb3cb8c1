import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { bundle } from "../../scripts/build.ts";
import { packPackage, renderPackageJson } from "../../scripts/pack.ts";
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

describe("the cache of compiled code", () => {
  /** A clone whose main says that it was reached. */
  async function makeClone(root: string): Promise<string> {
    const program = await makePackage(root, ">=20.0.0");
    await mkdir(join(root, "src"));
    await cp(join(root, "dist/main.js"), join(root, "src/main.ts"));
    return program;
  }

  test("a clone keeps it beside its source", async () => {
    await using home = await createTempHome();
    const program = await makeClone(home.path);
    const { stdout } = await runCli([], { program, env: { NODE_COMPILE_CACHE: "" } });
    assert.equal(stdout, "reached\n");
    assert.notDeepEqual(await readdir(join(home.path, "node_modules/.cache/regctl")), []);
  });

  test("root keeps none in somebody else's clone, nor below somebody else's home", async (context) => {
    if (process.geteuid?.() !== 0) return context.skip("only root can make somebody else's folder");
    await using home = await createTempHome();
    const program = await makeClone(home.path);
    const env = { NODE_COMPILE_CACHE: "", HOME: home.path };
    await chown(home.path, 65534, 65534);
    assert.equal((await runCli([], { program, env })).stdout, "reached\n");
    assert.equal(existsSync(join(home.path, "node_modules")), false);
    const packaged = await makePackage(join(home.path, "package"), ">=20.0.0");
    assert.equal((await runCli([], { program: packaged, env })).stdout, "reached\n");
    assert.equal(existsSync(join(home.path, ".cache")), false);
  });
});

const noNpm = spawnSync("npm", ["--version"]).status === 0 ? false : "there is no npm";

describe("the package that is published", () => {
  test("asks for nothing to be installed beside it", async () => {
    const text = await readFile(`${repository}/package.json`, "utf8");
    const [whole, published] = [JSON.parse(text), JSON.parse(renderPackageJson(text))];
    const left = Object.keys(whole).filter((name) => !(name in published));
    assert.deepEqual(left.sort(), ["dependencies", "devDependencies", "optionalDependencies", "scripts"]);
    assert.deepEqual({ ...whole, ...published }, whole);
  });

  test("installs offline and runs", { skip: noNpm }, async () => {
    await using home = await createTempHome();
    const tarball = await packPackage(home.path);
    const prefix = join(home.path, "prefix");
    await mkdir(prefix);
    const npm = ["install", "--offline", "--no-audit", "--no-fund", "--prefix", prefix, tarball];
    const env = { PATH: process.env.PATH, HOME: home.path, npm_config_cache: join(home.path, "cache") };
    await promisify(execFile)("npm", npm, { cwd: prefix, env });
    const installed = await readdir(join(prefix, "node_modules"));
    assert.deepEqual(
      installed.filter((name) => !name.startsWith(".")),
      ["docker-regctl"],
    );
    const options = { cwd: prefix, env: { HOME: home.path } };
    for (const name of ["regctl", "docker-regctl"]) {
      const program = join(prefix, "node_modules/.bin", name);
      assert.match((await runCli(["--version"], { ...options, program })).stdout, /^regctl \d/);
      const args = ["setup", "insecure", "localhost:5000", "--json"];
      const { code, stdout, stderr } = await runCli(args, { ...options, program });
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).hosts[0].changed, false);
    }
  });
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

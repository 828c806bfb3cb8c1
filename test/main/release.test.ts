/** What stands between the repository and `npm publish`: asked of the tarball that would be published. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { packPackage } from "../../scripts/pack.ts";
import { repository } from "../support/run-cli.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Its code and what it said; npm keeps its logs and caches in this home. */
async function run(program: string, args: readonly string[], home: string): Promise<Told> {
  const env = { ...process.env, HOME: home };
  try {
    return { code: 0, ...(await promisify(execFile)(program, args, { cwd: repository, env })) };
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "number") return error as never;
    throw error;
  }
}

const publint = `${repository}/node_modules/.bin/publint`;
const noPublint = existsSync(publint) ? false : "publint is not installed: npm ci";

describe("the tarball", () => {
  let home: TempHome;
  let tarball: string;
  before(async () => {
    home = await createTempHome();
    tarball = await packPackage(home.path);
  });
  after(() => home[Symbol.asyncDispose]());

  test("publint finds nothing, not even a suggestion", { skip: noPublint }, async () => {
    const { code, stdout, stderr } = await run(publint, ["run", tarball, "--strict"], home.path);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /All good!/);
  });

  test("npm would publish it, and warns of nothing but that nobody is logged in", async () => {
    // Where there is no network nothing is asked of the registry again and again.
    const args = ["publish", "--dry-run", "--fetch-retries=0", tarball];
    const { code, stdout, stderr } = await run("npm", args, home.path);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\+ docker-regctl@\d/m);
    const warnings = stderr.split("\n").filter((line) => /^npm (warn|error)/.test(line));
    // What is wrong with the settings of this machine's npm is not ours.
    const ours = warnings.filter((line) => !/be logged in|Unknown .* config/.test(line));
    assert.deepEqual(ours, []);
  });
});

test("npm audit knows of no fault in what is installed", async (context) => {
  await using home = await createTempHome();
  const { stdout, stderr } = await run("npm", ["audit", "--json", "--fetch-retries=0"], home.path);
  const { metadata, message } = JSON.parse(stdout || "{}");
  if (metadata?.vulnerabilities === undefined) {
    return context.skip(`the package registry answers no audit: ${String(message ?? stderr).slice(0, 200)}`);
  }
  assert.equal(metadata.vulnerabilities.total, 0, stdout);
});

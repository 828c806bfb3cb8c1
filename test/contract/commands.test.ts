import assert from "node:assert/strict";
import { describe, test } from "node:test";
import manifest from "../../oclif.manifest.json" with { type: "json" };
import { runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

/** Words that make each command fail anywhere, without a network and without touching anything. */
const failing: Readonly<Record<string, readonly string[]>> = {
  completion: ["tcsh"],
  "completion:install": ["tcsh"],
  copy: ["127.0.0.1:1/app:1", "127.0.0.1:1/copy"],
  delete: ["127.0.0.1:1/app:1"],
  doctor: ["under_score:5000"],
  inspect: ["127.0.0.1:1/app"],
  login: ["127.0.0.1:1", "--username", "u", "--password-stdin"],
  logout: ["under_score:5000"],
  images: [],
  init: [],
  ping: ["127.0.0.1:1"],
  "plugin:install": ["surplus"],
  "plugin:uninstall": ["surplus"],
  publish: ["oci:/dev/null/none", "127.0.0.1:1/app:1"],
  pull: ["127.0.0.1:1/app:1"],
  serve: ["--listen", "127.0.0.1:99999"],
  "serve:gc": ["--storage", "/dev/null/registry"],
  "serve:status": [],
  "serve:stop": [],
  "serve:verify": ["--storage", "/dev/null/registry"],
  quickstart: ["surplus"],
  search: ["127.0.0.1:1/"],
  "setup:insecure": ["under_score:5000"],
  "setup:mirror": ["mirror.example:5000"],
  "setup:status": ["--on", "user@127.0.0.1:1", "--ssh", "node"],
  "setup:trust": ["under_score:5000"],
  "setup:undo": ["under_score:5000"],
  tags: ["127.0.0.1:1/app"],
  tunnel: ["u@127.0.0.1:1", "--ssh", "node"],
  "tunnel:list": ["surplus"],
  "tunnel:logs": ["u@127.0.0.1:1"],
  "tunnel:stop": [],
  use: ["127.0.0.1:1"],
};

const ids = Object.keys(manifest.commands);

/** The one document that stands on stdout; anything beside it is a failure. */
function parseOne(stdout: string): Record<string, unknown> {
  const document = JSON.parse(stdout);
  assert.ok(typeof document === "object" && document !== null && !Array.isArray(document));
  return document;
}

function assertError(stdout: string, code?: string): void {
  const { error } = parseOne(stdout) as { error: { code: string; message: string; remedies: string[] } };
  assert.deepEqual(Object.keys(error), ["code", "message", "remedies"]);
  if (code !== undefined) assert.equal(error.code, code);
  assert.match(error.code, /^[A-Z]+(_[A-Z]+)*$/);
  assert.notEqual(error.message, "");
  assert.ok(error.remedies.length > 0);
}

test("every command has words that make it fail", () => {
  assert.deepEqual(Object.keys(failing).sort(), [...ids].sort());
});

for (const id of ids) {
  const words = id.split(":");
  describe(`regctl ${words.join(" ")}`, { concurrency: 2 }, () => {
    test("--help prints its usage", async () => {
      const { code, stdout, stderr } = await runCli([...words, "--help"]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.ok(stdout.includes(`$ regctl ${words.join(" ")}`), stdout);
    });

    test("--help fits 60 columns, but for lines to copy", async () => {
      const { stdout } = await runCli([...words, "--help"], { env: { COLUMNS: "60" } });
      const long = stdout.split("\n").filter((line) => line.length > 60 && !/^ *\$ /.test(line));
      assert.deepEqual(long, []);
    });

    test("--help --json is a document", async () => {
      const { code, stdout } = await runCli([...words, "--help", "--json"]);
      assert.equal(code, 0);
      assert.match(String(parseOne(stdout).help), /USAGE/);
    });

    test("a wrong flag with --json is a document, exit 2", async () => {
      const { code, stdout } = await runCli([...words, "--no-such-flag", "--json"]);
      assert.equal(code, 2);
      assertError(stdout, "USAGE");
    });

    test("a failure with --json is one document, and the same exit code as in text", async () => {
      await using home = await createTempHome();
      const options = { env: { HOME: home.path, DOCKER_HOST: `unix://${home.path}/none.sock` } };
      const args = [...words, ...(failing[id] ?? [])];
      const json = await runCli([...args, "--json", "--progress", "none"], options);
      const text = await runCli([...args, "--progress", "none"], options);
      assert.notEqual(json.code, 0);
      assert.equal(text.code, json.code);
      const document = parseOne(json.stdout);
      if ("error" in document) assertError(json.stdout);
      else assert.equal(document.ok, false);
      assert.equal(json.stderr, "");
      assert.notEqual(text.stdout + text.stderr, "");
      assert.doesNotMatch(text.stderr, /\bat .*\.ts:\d+/, "no stack without --verbose");
    });
  });
}

for (const [args, code] of [
  [["nope"], 2],
  [["setup", "nope"], 2],
  [["--nope"], 2],
  [[], 0],
  [["setup"], 0],
  [["--help"], 0],
  [["--version"], 0],
] as const) {
  test(`regctl ${args.join(" ")} --json is one document, exit ${code}`, async () => {
    const json = await runCli([...args, "--json"]);
    assert.deepEqual([json.code, json.stderr], [code, ""]);
    if (code === 0) parseOne(json.stdout);
    else assertError(json.stdout, "USAGE");
    assert.equal((await runCli(args)).code, code);
  });
}

test("the version is the same everywhere", async () => {
  const { version } = parseOne((await runCli(["--version", "--json"])).stdout);
  assert.equal(version, manifest.version);
  assert.ok((await runCli(["--version"])).stdout.startsWith(`regctl ${version} `));
});

for (const id of ids.filter((each) => each.startsWith("setup:"))) {
  test(`regctl ${id.replace(":", " ")}: --platform is judged before any host is asked`, async () => {
    // Nobody listens there: whoever asked the host first would say that.
    const words = [...id.split(":"), "r.test:5000", "--on", "user@127.0.0.1:1", "--platform", "sytemd"];
    const { code, stdout } = await runCli([...words, "--json", "--progress", "none"]);
    assert.equal(code, 2);
    assertError(stdout, "USAGE");
    const { error } = JSON.parse(stdout);
    assert.match(error.message, /There is no platform "sytemd"\. Known: .*systemd/);
    assert.deepEqual(error.remedies, ["--platform systemd"]);
  });
}

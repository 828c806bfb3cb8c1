import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CliOptions, runCli, startCli } from "../support/run-cli.ts";

const program = fileURLToPath(new URL("program.ts", import.meta.url));
const run = (args: readonly string[], options: CliOptions = {}) => runCli(args, { program, ...options });
const fail = (code: string, facts: object) => ["fail", JSON.stringify([code, facts])];

describe("output", { concurrency: 2 }, () => {
  test("a result goes to stdout as text, and nothing goes to stderr", async () => {
    assert.deepEqual(await run(["echo", "a"]), {
      code: 0,
      stdout: '{"word":"a","on":[],"timeout":null}\n',
      stderr: "",
    });
  });

  test("--json prints the document itself", async () => {
    const { code, stdout, stderr } = await run(["echo", "a", "--json"]);
    assert.deepEqual(JSON.parse(stdout), { told: { word: "a", on: [], timeout: null } });
    assert.deepEqual([code, stderr], [0, ""]);
  });

  test("the exit code of a result is the same in text and JSON", async () => {
    assert.equal((await run(["raw", "x"])).code, 3);
    assert.equal((await run(["raw", "x", "--json"])).code, 3);
  });

  test("control characters of a document reach no terminal", async () => {
    const hostile = String.raw`a\u001b]0;title\u0007b\u009b2Jc\u202ed`;
    const text = await run(["raw", hostile], { env: { FORCE_COLOR: "1" } });
    assert.equal(text.stdout, "a\\u001b]0;title\\u0007b\\u009b2Jc\\u202ed\n");
    const json = await run(["raw", hostile, "--json"]);
    assert.doesNotMatch(json.stdout, /[\u009b\u202e]/);
    assert.deepEqual(JSON.parse(json.stdout), { told: [JSON.parse(`"${hostile}"`)] });
  });

  test("a slow reader gets every one of 200,000 lines", async () => {
    const child = startCli(["count", "200000"], { program });
    child.stdin.end();
    const closed = once(child, "close");
    let text = "";
    for await (const chunk of child.stdout) {
      text += chunk;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.deepEqual(await closed, [0, null]);
    assert.equal(text.split("\n").length, 200_001);
    assert.match(text, /\nline 199999\n$/);
  });

  test("a reader that leaves early is no error", async () => {
    const child = startCli(["count", "200000"], { program });
    child.stdin.end();
    const closed = once(child, "close");
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    assert.deepEqual(await closed, [0, null]);
    assert.equal(stderr, "");
  });

  test("a full disk under stdout is told", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [program, "count", "9"], { stdio: ["ignore", full.fd, "pipe"] });
    const closed = once(child, "close");
    let stderr = "";
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    assert.deepEqual(await closed, [1, null]);
    await full.close();
    assert.match(stderr, /could not be written to standard output: .*ENOSPC/);
  });

  test("something left open does not keep the process", async () => {
    assert.equal((await run(["group", "leftover"])).code, 0);
  });
});

describe("errors", { concurrency: 2 }, () => {
  test("text: message, remedies one a line, on stderr, no colour for a pipe", async () => {
    const { code, stdout, stderr } = await run(fail("LOCKED", { host: "h1", by: "pid 7" }));
    assert.deepEqual([code, stdout], [3, ""]);
    assert.equal(
      stderr,
      "✖ Another run changes h1 at the moment: pid 7. Nothing was changed.\n" +
        "  → Run the same command again when that run has ended\n",
    );
  });

  test("LANG=C gets plain letters, FORCE_COLOR gets colour, NO_COLOR none", async () => {
    const args = fail("LOCKED", { host: "h1", by: "pid 7" });
    const plain = await run(args, { env: { LANG: "C" } });
    assert.match(plain.stderr, /^x Another .*\n {2}-> Run /);
    assert.ok((await run(args, { env: { FORCE_COLOR: "1" } })).stderr.startsWith("\u001b[31m✖"));
    assert.ok(!(await run(args, { env: { NO_COLOR: "1" } })).stderr.includes("\u001b"));
  });

  test("60 columns: the message is wrapped, a remedy is not", async () => {
    const { stderr } = await run(
      fail("SSH_HOST_KEY_REVOKED", { host: "h", port: 22, fingerprint: "SHA256:x", knownHosts: "/k" }),
      {
        env: { COLUMNS: "60" },
      },
    );
    const [first, second] = stderr.split("\n");
    assert.ok((first ?? "").length <= 60);
    assert.match(second ?? "", /^ {2}\S/);
  });

  test("--json: one document on stdout, nothing on stderr", async () => {
    const { code, stdout, stderr } = await run([
      ...fail("NOT_PROVED", { host: "h", reason: "r", log: ["l1"] }),
      "--json",
    ]);
    assert.deepEqual([code, stderr], [7, ""]);
    const { error } = JSON.parse(stdout);
    assert.equal(error.code, "NOT_PROVED");
    assert.match(error.message, /l1/);
    assert.ok(error.remedies.length > 0);
  });

  test("causes are shown with --verbose only, and leave stdout to the document", async () => {
    const args = fail("LOCKED", { host: "h1", by: "x" });
    assert.doesNotMatch((await run(args)).stderr, /deeper cause/);
    assert.match((await run([...args, "-v"])).stderr, /cause: Error: the deeper cause\n\s+at /);
    const { stdout, stderr } = await run([...args, "-v", "--json"]);
    assert.equal(JSON.parse(stdout).error.code, "LOCKED");
    assert.match(stderr, /deeper cause/);
  });

  for (const how of ["now", "later", "unhandled", "renderer"]) {
    test(`what nobody foresaw (${how}) is a bug, without a stack`, async () => {
      const { code, stdout, stderr } = await run(["crash", how]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^✖ This is a bug in regctl: .*\n {2}→ .*--verbose.*\n$/);
    });
  }

  test("a bug with --json is a document too, and --verbose shows the stack", async () => {
    assert.equal(JSON.parse((await run(["crash", "now", "--json"])).stdout).error.code, "INTERNAL");
    assert.match(
      (await run(["crash", "now", "--verbose"])).stderr,
      /TypeError: a crash\n\s+at Crash\.execute/,
    );
  });
});

describe("interruption", { concurrency: 2 }, () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`${signal} lets the command clean up and exits 130`, async () => {
      const child = startCli(["wait", "--json"], { program });
      const closed = once(child, "close");
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      await once(child.stderr, "data");
      child.kill(signal);
      assert.deepEqual(await closed, [130, null]);
      assert.match(stderr, /cleaned up/);
      assert.deepEqual(JSON.parse(stdout).error.message, `Interrupted (${signal}).`);
    });
  }

  test("the second Ctrl-C does not wait", async () => {
    const child = startCli(["stuck"], { program });
    const closed = once(child, "close");
    await once(child.stderr, "data");
    child.kill("SIGINT");
    // Both could arrive as one signal if nothing happened in between.
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    assert.deepEqual(await closed, [130, null]);
  });
});

describe("the command line", { concurrency: 2 }, () => {
  const mistakes: readonly (readonly [args: readonly string[], message: RegExp, remedy: string])[] = [
    [["echo"], /"regctl echo" needs WORD: Any word/, "regctl echo --help"],
    [["echo", "a", "b"], /"b" is one argument too many/, "regctl echo --help"],
    [["echo", "a", "--dry-rnu"], /has no flag --dry-rnu/, "regctl echo --dry-run"],
    [["echo", "a", "--on"], /--on needs a value/, "regctl echo --help"],
    [
      ["echo", "a", "--progress", "x"],
      /--progress takes auto, tty, plain, json, none, not "x"/,
      "regctl echo --help",
    ],
    [["echo", "a", "--ssh"], /--ssh needs a value: auto, openssh, node/, "regctl echo --help"],
    [["echo", "a", "--timeout", "soon"], /--timeout takes an integer, not "soon"/, "regctl echo --help"],
    [
      ["echo", "a", "--timeout", "0"],
      /--timeout takes an integer greater than or equal to 1, not "0"/,
      "regctl echo --help",
    ],
    [
      ["echo", "a", "--timeout", "1", "--timeout", "2"],
      /--timeout is given more than once/,
      "regctl echo --help",
    ],
    [["echo", "a", "--exit-code"], /--exit-code works only together with --dry-run/, "regctl echo --help"],
    [["echo", "a", "--print", "--dry-run"], /--dry-run and --print exclude each other/, "regctl echo --help"],
    [["ehco", "it's"], /no command "ehco"/, "regctl echo 'it'\\''s'"],
    [["group", "leftovr"], /no command "group leftovr"/, "regctl group leftover"],
    [["group", "nothing"], /no command "group nothing"/, "regctl group --help"],
    [["nope"], /no command "nope"/, "regctl --help"],
    [["--yes", "echo", "a"], /command comes first/, "regctl echo a --yes"],
  ];
  for (const [args, message, remedy] of mistakes) {
    test(`regctl ${args.join(" ")}`, async () => {
      const text = await run(args);
      assert.deepEqual([text.code, text.stdout], [2, ""]);
      assert.match(text.stderr, message);
      assert.ok(text.stderr.includes(`→ ${remedy}\n`), text.stderr);
      const json = await run([...args, "--json"]);
      assert.deepEqual([json.code, json.stderr], [2, ""]);
      const { error } = JSON.parse(json.stdout);
      assert.equal(error.code, "USAGE");
      assert.match(error.message, message);
    });
  }

  test("a repeatable flag takes one value and leaves the argument alone", async () => {
    const { stdout } = await run(["echo", "--on", "h1", "a", "--on", "h2"]);
    assert.equal(stdout, '{"word":"a","on":["h1","h2"],"timeout":null}\n');
  });

  test("standard input is not taken for a missing argument", async () => {
    assert.equal((await run(["echo"], { input: "from stdin\n" })).code, 2);
  });

  test("--json behind -- belongs to somebody else", async () => {
    assert.equal((await run(["raw", "--", "--json"])).stdout, "--json\n");
  });

  for (const args of [
    [],
    ["--help"],
    ["-h"],
    ["help"],
    ["group"],
    ["group", "--help"],
    ["echo", "--help"],
    ["help", "echo"],
  ]) {
    test(`help: regctl ${args.join(" ")}`, async () => {
      const text = await run(args);
      assert.deepEqual([text.code, text.stderr], [0, ""]);
      assert.match(text.stdout, /USAGE\n {2}\$ regctl/);
      const json = await run([...args, "--json"]);
      assert.equal(json.code, 0);
      assert.match(JSON.parse(json.stdout).help, /USAGE/);
    });
  }

  test("plugins and themes in the user's folders are not loaded", async () => {
    const { stdout } = await run(["--help"], {
      env: { XDG_CONFIG_HOME: "/proc/self", REGCTL_CONFIG_DIR: "/dev/null" },
    });
    assert.match(stdout, /USAGE/);
  });
});

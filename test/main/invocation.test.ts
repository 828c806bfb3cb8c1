/** How the program was started decides how its hints begin. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import manifest from "../../oclif.manifest.json" with { type: "json" };
import { helpPages } from "../../src/command-table.ts";
import { readInvocation } from "../../src/invocation.ts";
import { asTyped } from "../../src/report/own-commands.ts";
import { repository, runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

describe("what was typed", () => {
  const exec = { npm_command: "exec", npm_lifecycle_event: "npx" };
  const script = (name: string) => ({ npm_command: "run", npm_lifecycle_event: name });
  // SOURCE of the paths and variables: npm 11.19 with `npx` and `npm run`, printed by a module loaded before ours.
  for (const [path, environment, program] of [
    ["/usr/local/bin/regctl", {}, "regctl"],
    ["/usr/local/bin/docker-regctl", {}, "docker-regctl"],
    ["/home/me/.npm/_npx/5e/node_modules/.bin/docker-regctl", exec, "npx docker-regctl"],
    [
      "/home/me/.npm/_npx/5e/node_modules/.bin/regctl",
      { ...exec, npm_config_package: "docker-regctl" },
      "npx docker-regctl",
    ],
    // In a clone npx links the program of the clone there.
    ["/home/me/.npm/_npx/5e/node_modules/.bin/regctl", exec, "npx regctl"],
    ["/home/me/project/node_modules/.bin/regctl", exec, "npx regctl"],
    // A shell that npx started for something else.
    ["/usr/local/bin/regctl", exec, "regctl"],
    ["/home/me/clone/bin/run.js", script("regctl"), "npx regctl"],
    ["/home/me/clone/bin/run.js", script("quickstart"), "npx regctl"],
    ["/home/me/clone/bin/run.js", script("test"), "regctl"],
    ["/home/me/clone/bin/run.js", {}, "regctl"],
  ] as const) {
    it(`${path} by ${Object.values(environment).join(" ") || "nobody"} is ${program}`, () => {
      const read = readInvocation(["node", path, "tags", "app"], environment);
      assert.deepEqual(read, { argv: ["tags", "app"], program });
    });
  }

  it("docker starts its plugin with the plugin's name before the words", () => {
    const read = readInvocation(["node", "/home/me/clone/bin/run.js", "regctl", "tags", "app"], {});
    assert.deepEqual(read, { argv: ["tags", "app"], program: "docker regctl" });
  });
});

describe("a text in the form that was typed", () => {
  const program = "docker regctl";

  it("has every command and page of ours in that form, and sentences about regctl as they were", () => {
    const firstWords = new Set(Object.keys(manifest.commands).map((id) => id.split(":")[0]));
    for (const word of [...firstWords, "help", "COMMAND", "--version", "-h"]) {
      assert.equal(asTyped(`See: regctl ${word} x`, { program }), `See: docker regctl ${word} x`);
    }
    for (const text of [
      "for regctl alone: this",
      "This is a bug in regctl: x.",
      "It is docker regctl --help",
      "Description=/opt/regctl serve",
      "npx docker-regctl serve",
    ]) {
      assert.equal(asTyped(text, { program }), text);
    }
    assert.equal(asTyped("regctl tags", {}), "regctl tags");
  });
});

/** As docker starts a plugin, and as npm's link of the other name starts it. */
describe("hints, help and examples", { concurrency: 2 }, () => {
  const ours = /(?<!docker |[\w./@-])regctl (?=[a-z-])/;
  const run = (...args: readonly string[]) =>
    runCli(["regctl", ...args], {
      env: { HOME: "/nonexistent", DOCKER_HOST: "unix:///nonexistent/docker.sock" },
    });

  for (const id of ["", ...Object.keys(manifest.commands)]) {
    const words = id.split(":").filter((word) => word !== "");
    it(`docker regctl ${words.join(" ")} --help`, async () => {
      const { stdout } = await run(...words, "--help");
      assert.match(stdout, /\$ docker regctl/);
      assert.doesNotMatch(stdout, /docker docker|\$ regctl/);
    });
  }

  for (const page of Object.keys(helpPages)) {
    it(`docker regctl help ${page}`, async () => {
      assert.doesNotMatch((await run("help", page)).stdout, /(?<!docker )regctl (publish|tunnel|setup|use )/);
    });
  }

  it("an error, the overview and what a command says next; a document has the plain form", async () => {
    const failed = await run("tags", "localhost:5000");
    assert.match(failed.stderr, /→ docker regctl tags localhost:5000\/NAME\n/);
    assert.match((await run("pubish", "x")).stderr, /→ docker regctl publish x\n/);
    const { stdout } = await run();
    assert.match(stdout, /docker regctl quickstart\n/);
    assert.doesNotMatch(stdout, ours);
    assert.match((await run("tunnel", "list")).stdout, /docker regctl tunnel USER@SERVER/);
    const { error } = JSON.parse((await run("tags", "localhost:5000", "--json")).stdout);
    assert.equal(error.remedies[0], "regctl tags localhost:5000/NAME --json");
    assert.match(JSON.parse((await run("tags", "--help", "--json")).stdout).help, /\$ regctl tags NAME/);
  });

  it("the program's other name is what a person typed, too", async () => {
    await using home = await createTempHome();
    const program = join(home.path, "docker-regctl");
    await symlink(`${repository}/bin/run.js`, program);
    const { stderr } = await runCli(["tags"], { program });
    assert.match(stderr, /→ docker-regctl tags --help\n/);
  });
});

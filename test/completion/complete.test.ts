import assert from "node:assert/strict";
import { describe, it } from "node:test";
import manifest from "../../oclif.manifest.json" with { type: "json" };
import { helpPages } from "../../src/command-table.ts";
import type { ProgramWords } from "../../src/command-words.ts";
import { complete } from "../../src/completion/complete.ts";
import { namesThatFit, parseTyped } from "../../src/completion/names.ts";

// Generated JSON: its literal type is wider than what completion reads.
const source = {
  commands: manifest.commands,
  topics: { setup: "Tell a host" },
  pages: helpPages,
} as unknown as ProgramWords;

/** The line behind `regctl`; what is being typed stands behind the last space. */
function completed(line: string): readonly string[] | string {
  const completion = complete(line.split(" "), source);
  if (completion.kind === "words") return completion.words.map(({ text }) => text);
  return completion.kind === "files" ? "files" : `${completion.of} ${completion.before}<${completion.typed}>`;
}

describe("completion of a line", () => {
  for (const [line, expected] of [
    ["pub", ["publish"]],
    ["setup ins", ["insecure"]],
    ["help setup st", ["status"]],
    ["help he", []],
    ["help tun", ["tunnel", "tunnels"]],
    ["help ex", ["exit-codes"]],
    ["help insecure", ["insecure-or-trust"]],
    ["help setup insecure", ["insecure"]],
    ["exit", []],
    ["nonsense x", []],
    ["tunnel st", ["stop"]],
    ["tunnel user@", "host <user@>"],
    ["serve st", ["status", "stop"]],
    ["publish --via ", ["engine", "direct"]],
    ["publish --via=d", ["--via=direct"]],
    ["publish --registry loc", "registry <loc>"],
    ["publish --registry=loc", "registry --registry=<loc>"],
    ["publish --no-ov", ["--no-overwrite"]],
    ["publish --dry-run --dry", []],
    ["ping --no-in", ["--no-insecure"]],
    ["publish ", "image <>"],
    ["publish app:1 ", "reference <>"],
    ["publish app:1 a:1 tea", "reference <tea>"],
    ["publish --via direct app:1 tea", "reference <tea>"],
    ["tags tea", "repository <tea>"],
    ["tags team/app x", []],
    ["use ", "registry <>"],
    ["serve --htpasswd ", "files"],
    ["serve --storage=", "files"],
    ["tunnel user@server -- docker ", "files"],
    ["setup status --on web", "host <web>"],
    ["publish --context ", "context <>"],
    ["tunnel logs ", "tunnel <>"],
  ] as const) {
    it(line, () => assert.deepEqual(completed(line), expected));
  }

  it("offers every command at the beginning, each once, and none that is hidden", () => {
    const words = completed("");
    assert.ok(Array.isArray(words));
    assert.deepEqual([...new Set(words)], words);
    const first = new Set(Object.keys(manifest.commands).map((id) => id.split(":")[0]));
    assert.deepEqual([...words].sort(), [...first, "help"].sort());
  });
});

describe("completion of names", () => {
  const known = {
    repositories: ["team/api", "team/app", "tools"],
    tags: { tools: ["1.0", "1.1", "2.0"] },
  };
  for (const [typed, expected] of [
    ["te", ["team/api", "team/app"]],
    ["tools", ["tools:1.0", "tools:1.1", "tools:2.0"]],
    ["tools:1", ["tools:1.0", "tools:1.1"]],
    ["tools:3", []],
    ["localhost:5000/too", ["localhost:5000/tools"]],
    ["localhost:5000/tools:2", ["localhost:5000/tools:2.0"]],
    ["unknown:", []],
  ] as const) {
    it(typed, () => assert.deepEqual(namesThatFit(parseTyped(typed), known, true), expected));
  }

  it("a repository has no tags where none may stand", () => {
    assert.deepEqual(namesThatFit(parseTyped("tools"), known, false), ["tools"]);
    assert.deepEqual(namesThatFit(parseTyped("tools:1"), known, false), []);
  });
});

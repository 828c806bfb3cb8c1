import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { colimaYaml as format } from "../../../src/platform/formats/colima-yaml.ts";
import { insecureRegistries as insecure, registryMirrors } from "../../../src/platform/formats/format.ts";
import { checkLaws, fixture } from "./laws.ts";

const usual = fixture("hosts/colima/root/home/me/.colima/default/colima.yaml");

/** What may stand for the engine, in block and in flow, with comments, cut at the end or not. */
const engines = fc.constantFrom(
  "docker: {}",
  "docker: # none yet",
  "docker: {features: {buildkit: true}} # flow",
  'docker: {"insecure-registries": ["a.test"]}',
  "docker:\n  # ours\n  features:\n    buildkit: true",
  "docker:\n  insecure-registries:\n    - a.test # first\n    - b\n  debug: true",
  "docker:\n    insecure-registries: [a.test]\n    registry-mirrors: []",
  "",
);
const around = fc.constantFrom(
  "cpu: 2",
  "# a comment",
  "env:\n  docker: {a: b}",
  "mounts:\n  - location: ~/x",
  "",
);
const texts = fc
  .tuple(
    around,
    engines,
    around.filter((text) => text !== "cpu: 2"),
    fc.constantFrom("\n", "\n\n", ""),
  )
  .map(
    ([before, engine, after, end]) => [before, engine, after].filter((part) => part !== "").join("\n") + end,
  )
  .filter((text) => (text.match(/^env:/gm) ?? []).length < 2 && (text.match(/^mounts:/gm) ?? []).length < 2);

test("an entry comes and goes, and everything else stays as it is", () => {
  checkLaws({
    format,
    texts,
    foreignEdits: [
      { applies: () => true, edit: (text) => `# theirs\n${text}` },
      {
        applies: (text) => text.startsWith("cpu: 2\n"),
        edit: (text) => text.replace("cpu: 2\n", "cpu: 8\n"),
      },
    ],
  });
});

test("the usual file: below docker, with its comments", () => {
  const added = format.add(usual, insecure, "h:1");
  assert.match(
    added.text,
    /\n {2}features: \{buildkit: true\}\n {2}insecure-registries:\n {4}- "h:1"\n\nmounts/,
  );
  const both = format.add(added.text, registryMirrors, "https://m.test/", [added.note]);
  assert.deepEqual(format.read(both.text, insecure).entries, ["h:1"]);
  assert.deepEqual(format.read(both.text, registryMirrors).entries, ["https://m.test/"]);
  assert.equal(
    format.remove(
      format.remove(both.text, insecure, "h:1", added.note) ?? "",
      registryMirrors,
      "https://m.test/",
      both.note,
    ),
    usual,
  );
});

test("Colima writes its file anew from time to time: the entry is found all the same", () => {
  const { note } = format.add("docker: {}\n", insecure, "h:1");
  const rewritten =
    "# all new\ncpu: 2\ndocker:\n    insecure-registries:\n        - h:1\n        - i:2\nenv: {}\n";
  assert.equal(
    format.remove(rewritten, insecure, "h:1", note),
    "# all new\ncpu: 2\ndocker:\n    insecure-registries:\n        - i:2\nenv: {}\n",
  );
});

test("what Colima or the engine would not take is told by its place", () => {
  const problems: Readonly<Record<string, readonly [number, RegExp]>> = {
    "a: 1\ndocker: [x]\n": [2, /no map/],
    "docker:\n  insecure-registries: h:1\n": [1, /no list/],
    "docker:\n  insecure-registries: [1]\n": [1, /1: it is not a string/],
    'docker:\n  insecure-registries: ["http://h:1/x"]\n': [1, /refuses/],
    "a: 1\na: 2\n": [2, /unique/],
    "docker: &d\n  debug: true\n": [1, /cannot|nothing can be added/],
  };
  for (const [text, [line, words]] of Object.entries(problems)) {
    const { problem, entries } = format.read(text, insecure);
    assert.deepEqual([problem?.line, entries], [line, []], text);
    assert.match(problem?.problem ?? "", words);
  }
  assert.match(format.read(null, insecure).problem?.problem ?? "", /COLIMA_HOME/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseEnvFile } from "../../../src/platform/formats/env-file-text.ts";
import { environmentFile } from "../../../src/platform/formats/environment-file.ts";
import { splitQuoted } from "../../../src/platform/formats/flag-text.ts";
import { insecureRegistries as insecure } from "../../../src/platform/formats/format.ts";
import { checkLaws, fixture } from "./laws.ts";
import { sourceWithSh } from "./source-with-sh.ts";

const format = environmentFile("DOCKER_OPTS");

test("the one assignment that counts is rewritten, in plain double quotes", () => {
  const flag = "--insecure-registry h:1";
  const cases: readonly (readonly [string | null, string])[] = [
    [null, `DOCKER_OPTS="${flag}"\n`],
    ["A=1", `A=1\nDOCKER_OPTS="${flag}"`],
    ["A=1\r\n", `A=1\r\nDOCKER_OPTS="${flag}"\r\n`],
    ["#DOCKER_OPTS=x\n", `#DOCKER_OPTS=x\nDOCKER_OPTS="${flag}"\n`],
    ["DOCKER_OPTS=\n", `DOCKER_OPTS="${flag}"\n`],
    ['DOCKER_OPTS=""\n', `DOCKER_OPTS="${flag}"\n`],
    ["DOCKER_OPTS=--debug\n", `DOCKER_OPTS="--debug ${flag}"\n`],
    ["DOCKER_OPTS=--a 1 -b  \n", `DOCKER_OPTS="--a 1 -b ${flag}"  \n`],
    ['DOCKER_OPTS="--a 1"\nB=2\n', `DOCKER_OPTS="--a 1 ${flag}"\nB=2\n`],
    ["DOCKER_OPTS='--a 1'\n", `DOCKER_OPTS='--a 1 ${flag}'\n`],
    ['DOCKER_OPTS = "--a 1"\r\n', `DOCKER_OPTS = "--a 1 ${flag}"\r\n`],
    ['DOCKER_OPTS="--a\n--b\n"\n', `DOCKER_OPTS="--a\n--b\n${flag}"\n`],
    ['DOCKER_OPTS="--old"\nDOCKER_OPTS="--new"\n', `DOCKER_OPTS="--old"\nDOCKER_OPTS="--new ${flag}"\n`],
    ["DOCKER_OPTS=--a \\\n --b\n", `DOCKER_OPTS="--a \\\n --b ${flag}"\n`],
  ];
  for (const [before, after] of cases) {
    const added = format.add(before, insecure, "h:1");
    assert.equal(added.text, after);
    assert.equal(format.remove(after, insecure, "h:1", added.note), before);
  }
});

test("values as systemd 252 read them", () => {
  const cases: readonly (readonly [string, string])[] = [
    ['X="a b"\n', "a b"],
    ["X=a b  \n", "a b"],
    ["X='a\nb'\n", "a\nb"],
    ['X = "v"\r\n', "v"],
    ['X="a" "b"\n', "ab"],
    ['X=a"b"\n', 'a"b"'],
    ['X="a\\"b\\x"\n', 'a"b\\x'],
    ["X=a\\\nb\\ \n", "ab "],
    ['X="a\\\nb"\n', "ab"],
    ["X=a # b\n", "a # b"],
    ["=b\nX=a\n", "a"],
    ['X="a\\', "a"],
    ["X=\n", ""],
    ['X="open\n', "open\n"],
  ];
  for (const [text, value] of cases) assert.equal(parseEnvFile(text).assignments[0]?.value, value, text);
  const many = parseEnvFile("; c\n# X=0\nnot an assignment\n  Y = 1\nexport X=2");
  assert.deepEqual(
    many.assignments.map(({ key, value }) => [key, value]),
    [
      ["Y", "1"],
      ["export X", "2"],
    ],
  );
});

const problems: readonly (readonly [string, number, number, RegExp])[] = [
  ['A=1\nexport DOCKER_OPTS="--a"\n', 2, 1, /sets nothing/],
  ['DOCKER_OPTS="$DOCKER_OPTS --a"\n', 1, 1, /no reference/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell's own
  ["DOCKER_OPTS=${DOCKER_OPTS}\n", 1, 1, /no reference/],
  ['DOCKER_OPTS="--a" # note\n', 1, 1, /no comment/],
  ["DOCKER_OPTS=--a # note\n", 1, 1, /no comment/],
  ['A=1\nDOCKER_OPTS="--a\n', 2, 13, /never closed/],
  ['DOCKER_OPTS=a"b"\n', 1, 1, /cannot be added to/],
  ['DOCKER_OPTS="a" "b"\n', 1, 1, /cannot be added to/],
  ['# c \\\nDOCKER_OPTS="--a"\n', 1, 1, /comment ends in a backslash/],
  ["A=1\n# c \\\n", 2, 1, /comment ends in a backslash/],
  ['DOCKER_OPTS="--insecure-registry h:1/p"\n', 1, 1, /refuses the entry/],
];

test("texts that must not be touched, with line and column", () => {
  for (const [text, line, column, problem] of problems) {
    const listing = format.read(text, insecure);
    assert.match(listing.problem?.problem ?? "none", problem, text);
    assert.deepEqual([listing.problem?.line, listing.problem?.column], [line, column], text);
    assert.throws(() => format.add(text, insecure, "h:1"), /INTERNAL/);
  }
});

test("words of a value as systemd 252 splits them", () => {
  assert.deepEqual(splitQuoted("a  'b c'd \"e\\f\" 'g\\h' i\\ j \\"), ["a", "b cd", "ef", "gh", "i j", ""]);
  assert.deepEqual(splitQuoted(` "" 'open x`), ["", "open x"]);
});

test("quotes inside the value are taken away, unlike in sh", () => {
  assert.deepEqual(format.read(`DOCKER_OPTS="--insecure-registry='h:1' --debug"\n`, insecure).entries, [
    "h:1",
  ]);
});

test("undo after other hands changed the value takes only its entry", () => {
  const added = format.add("DOCKER_OPTS=--a\n", insecure, "h:1");
  const grown = added.text.replace("h:1", "h:1 --b");
  assert.equal(format.remove(grown, insecure, "h:1", added.note), 'DOCKER_OPTS="--a --b"\n');
  const created = format.add(null, insecure, "h:1");
  assert.equal(format.remove(`${created.text}B=2\n`, insecure, "h:1", created.note), "B=2\n");
  assert.equal(
    format.remove('DOCKER_OPTS="--insecure-registry h:1"\n', insecure, "h:1", undefined),
    'DOCKER_OPTS=""\n',
  );
});

test("fixtures: RHEL, Amazon, Debian", () => {
  const cases = [
    { path: "sysconfig-rhel7/docker", variable: "INSECURE_REGISTRY", entries: ["old.test:5000"] },
    { path: "sysconfig-amazon/docker", variable: "OPTIONS", entries: [] },
    { path: "debian-default/docker", variable: "DOCKER_OPTS", entries: [] },
  ];
  for (const { path, variable, entries } of cases) {
    const file = environmentFile(variable);
    const text = fixture(path);
    assert.deepEqual(file.read(text, insecure).entries, entries, path);
    const added = file.add(text, insecure, "h.test:5000");
    assert.deepEqual(file.read(added.text, insecure).entries, [...entries, "h.test:5000"]);
    const words = sourceWithSh(text, variable);
    assert.deepEqual(
      sourceWithSh(added.text, variable),
      [...words, "--insecure-registry", "h.test:5000"],
      "sh agrees",
    );
    assert.equal(file.remove(added.text, insecure, "h.test:5000", added.note), text);
  }
});

const fragments = [
  "# a comment\n",
  "; another\r\n",
  '#DOCKER_OPTS="--insecure-registry commented.test"\n',
  "\r\n",
  "   \n",
  "not an assignment\n",
  "HTTP_PROXY=http://192.0.2.1:3128\n",
  "B='a b'\r\n",
  'C="a\nDOCKER_OPTS=inside"\n',
  "D=a\\\n  DOCKER_OPTS=continued\n",
  "DOCKER_OPTS=\n",
  'DOCKER_OPTS="--dns 192.0.2.53"\n',
  "DOCKER_OPTS='--insecure-registry old.test:5000'\r\n",
  "DOCKER_OPTS=--debug --insecure-registry=b\n",
  '  DOCKER_OPTS = "--registry-mirror=https://old.test/ "  \n',
  'DOCKER_OPTS="--a \\\n  --insecure-registry b --log-level info"\n',
  "DOCKER_OPTS='\n--insecure-registry old.test:5000\n'\n",
];
const texts = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(null, "", "\n") },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(fc.constantFrom(...fragments), { maxLength: 7 }), fc.boolean())
      .map(([parts, cut]) => (cut ? parts.join("").replace(/\r?\n$/, "") : parts.join(""))),
  },
);

test("laws of the list, for files of every shape", () => {
  checkLaws({
    format,
    texts,
    foreignEdits: [
      { applies: (text) => /^(?!\r?\n)/.test(text), edit: (text) => `# new\nA=1\n${text}` },
      { applies: (text) => text.endsWith("\n"), edit: (text) => `${text}# new\nOTHER='1 2'\n` },
      { applies: () => true, edit: (text) => text.replace("192.0.2.1:", "192.0.2.9:") },
    ],
  });
});

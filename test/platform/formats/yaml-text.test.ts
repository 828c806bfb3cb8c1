/** Values come and go, and every other byte stays. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import type { Leaf } from "../../../src/platform/formats/format.ts";
import { putIn, readYaml, takeOut, withoutEmpty } from "../../../src/platform/formats/yaml-text.ts";

const endpoint: Leaf = { path: ["mirrors", "reg.test:5000", "endpoint"], item: "http://reg.test:5000" };
const verify: Leaf = { path: ["configs", "reg.test:5000", "tls", "insecure_skip_verify"], value: true };

/** What comes with a value goes with it: all that was not there before. */
function back(before: string, after: string, leaf: Leaf): string {
  const paths = leaf.path.map((_, depth) => leaf.path.slice(0, depth + (leaf.item === undefined ? 0 : 1)));
  const has = (path: readonly string[]) =>
    path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], parse(before)) !==
    undefined;
  const brought = paths.filter((path) => path.length > 0 && !has(path)).reverse();
  return brought.reduce(withoutEmpty, takeOut(after, leaf) ?? "(not found)");
}

const texts: Readonly<Record<string, string>> = {
  "an empty file": "",
  "comments alone": "# nothing yet\n",
  "a document's head": "---\n",
  "other maps": 'mirrors:\n  docker.io:\n    endpoint:\n      - "https://m:5000"\n',
  "a comment behind the last line": "mirrors:\n  a:\n    endpoint: # these\n      - b # one\n\n# the end\n",
  "an indent of four": "configs:\n    x:\n        auth:\n            username: u\n",
  "the registry with its login":
    'configs:\n  "reg.test:5000":\n    auth:\n      username: u\n      password: p\n',
  "the registry with an address": "mirrors:\n  reg.test:5000:\n    endpoint:\n    - https://other.test\n",
  "a list in brackets": "mirrors:\n  reg.test:5000:\n    endpoint: [https://other.test]\n",
  "an empty list": "mirrors:\n  reg.test:5000:\n    endpoint: []\n",
  JSON: '{"mirrors": {"a": {"endpoint": ["b"]}}, "configs": {}}\n',
  "an empty map": "mirrors: {}\nconfigs: {}\n",
  "keys without anything": "mirrors:\nconfigs:\n",
  "windows' line ends": "mirrors:\r\n  a:\r\n    endpoint:\r\n      - b\r\n",
  "a block of text at the end": "configs:\n  a:\n    note: |\n      one\n      two\n",
  "a key that is quoted": "mirrors:\n  'reg.test:5000':\n    rewrite:\n      a: b\n",
};

describe("putting values into YAML", () => {
  for (const [name, text] of Object.entries(texts)) {
    for (const leaf of [endpoint, verify]) {
      it(`${name}: ${leaf.path[0]}`, () => {
        const after = putIn(text, leaf);
        assert.ok(after !== null);
        const found = leaf.path.reduce<unknown>(
          (value, key) => (value as Record<string, unknown>)[key],
          parse(after),
        );
        assert.deepEqual(leaf.item === undefined ? found : (found as unknown[]).at(-1), leaf.item ?? true);
        assert.equal(back(text, after, leaf), text);
      });
    }
  }

  it("writes blocks as people do", () => {
    const first = putIn("", endpoint) ?? "";
    assert.equal(
      putIn(first, verify),
      `mirrors:
  "reg.test:5000":
    endpoint:
      - "http://reg.test:5000"
configs:
  "reg.test:5000":
    tls:
      insecure_skip_verify: true
`,
    );
  });

  it("goes on behind a last line without an end", () => {
    const text = "mirrors:\n  a:\n    endpoint:\n      - b";
    assert.equal(
      putIn(text, endpoint),
      `${text}\n  "reg.test:5000":\n    endpoint:\n      - "http://reg.test:5000"\n`,
    );
  });

  for (const [name, text] of Object.entries({
    "a value that is no map": "mirrors: none\n",
    "null that is written": "mirrors: ~\n",
    "an alias": "base: &b\n  x: y\nmirrors: *b\n",
    "an anchor, which others share": "mirrors: &m\n  a: {}\nother: *m\n",
    "a text that does not parse": "mirrors: [\n",
    "two documents": "mirrors: {}\n---\nmirrors: {}\n",
    "a document's end": "mirrors:\n  a: {}\n...\n",
  })) {
    it(`leaves ${name} to a person`, () => assert.equal(putIn(text, endpoint), null));
  }
});

describe("taking values out of YAML", () => {
  it("takes one of several, wherever it stands", () => {
    const leaf = { path: ["a"], item: "x" };
    assert.equal(takeOut("a: [x, y]\n", leaf), "a: [y]\n");
    assert.equal(takeOut("a: [y, x, z]\n", leaf), "a: [y, z]\n");
    assert.equal(takeOut("a:\n  - x # ours\n  - y\n", leaf), "a:\n  - y\n");
    assert.equal(takeOut("a: [y]\n", leaf), null);
  });

  it("keeps a map that holds something", () => {
    assert.equal(withoutEmpty("a:\n  b: 1\n", ["a"]), "a:\n  b: 1\n");
    assert.equal(withoutEmpty("a:\nc: 1\n", ["a"]), "c: 1\n");
  });

  it("says where a text breaks", () => {
    assert.partialDeepStrictEqual(readYaml("mirrors:\n  a: [\n"), { problem: { line: 3 } });
    assert.match(readYaml("a: 1\na: 2\n").problem?.problem ?? "", /unique/i);
    assert.deepEqual(readYaml("# nothing\n"), { value: null });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Leaf, UndoNote } from "../../../src/platform/formats/format.ts";
import { readRegistriesYaml, sameEndpoint } from "../../../src/platform/formats/registries-yaml.ts";
import { addLeaves, removeLeaves } from "../../../src/platform/formats/yaml-leaves.ts";

const leavesOf = (registry: string): readonly Leaf[] => [
  { path: ["mirrors", registry, "endpoint"], item: `https://${registry}` },
  { path: ["mirrors", registry, "endpoint"], item: `http://${registry}` },
  { path: ["configs", registry, "tls", "insecure_skip_verify"], value: true },
];

function add(text: string | null, registry: string, earlier: readonly UndoNote[] = []) {
  const edited = addLeaves(text, leavesOf(registry), earlier);
  assert.ok(edited !== null);
  return edited;
}

/** The note as it comes out of the journal. */
const remove = (text: string | null, { note }: { note: UndoNote }) =>
  text === null ? null : removeLeaves(text, JSON.parse(JSON.stringify(note)) as UndoNote);

describe("registries.yaml", () => {
  for (const text of [
    null,
    "",
    "# ours\n",
    "mirrors:\n  docker.io:\n    endpoint:\n      - https://m # first",
    'configs:\n  "a:5000":\n    auth:\n      username: u\n      password: p\n',
    "mirrors: {}\n",
    'mirrors: {}\nconfigs:\n  "a:5000":\n    auth: {username: u, password: p}',
  ]) {
    it(`one goes, and the text is as it was: ${JSON.stringify(text)}`, () => {
      const edited = add(text, "a:5000");
      assert.equal(remove(edited.text, edited), text);
    });

    it(`two go in either order: ${JSON.stringify(text)}`, () => {
      const first = add(text, "a:5000");
      const second = add(first.text, "b:5000", [first.note]);
      assert.equal(remove(remove(second.text, second), first), text);
      assert.equal(remove(remove(second.text, first), second), text);
    });
  }

  it("what others wrote meanwhile stays", () => {
    const edited = add(null, "a:5000");
    const theirs = edited.text.replace("configs:\n", "configs:\n  other:\n    auth:\n      username: u\n");
    assert.equal(remove(theirs, edited), "configs:\n  other:\n    auth:\n      username: u\n");
    assert.equal(remove("# gone\n", edited), "# gone\n");
  });

  it("is read", () => {
    const { endpoints, tls, problem } = readRegistriesYaml(add(null, "a:5000").text);
    assert.deepEqual(endpoints, { "a:5000": ["https://a:5000", "http://a:5000"] });
    assert.deepEqual([tls, problem], [{ "a:5000": { insecure_skip_verify: true } }, undefined]);
    assert.deepEqual(readRegistriesYaml("mirrors:\nconfigs: 1\n"), { endpoints: {}, tls: {} });
    assert.equal(readRegistriesYaml("a:\n\tb: 1\n").problem?.line, 2);
    assert.ok(sameEndpoint("https://a/v2", "https://a/"));
  });
});

/** What SRC and DST mean. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { parseReference } from "../../src/registry/reference.ts";
import { parseEndpoint, tagOf } from "../../src/transfer/endpoint.ts";
import { type End, pairNamed, pairOf, planLanding, renderEnd } from "../../src/transfer/ends.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const other = `sha256:${"b".repeat(64)}` as const;

function endOf(text: string): End {
  const parsed = parseEndpoint(text);
  return parsed.kind === "registry" ? { kind: "registry", reference: parseReference(parsed.text) } : parsed;
}

describe("endpoints", () => {
  for (const [text, expected] of [
    ["oci:dir", { kind: "oci", path: "dir", name: null, digest: null }],
    ["oci:/a/b:1.0", { kind: "oci", path: "/a/b", name: "1.0", digest: null }],
    [`oci:dir@${digest}`, { kind: "oci", path: "dir", name: null, digest }],
    ["oci-archive:a.tar:x/y:1", { kind: "oci-archive", path: "a.tar", name: "x/y:1", digest: null }],
    ["docker-archive:a.tar:app:1", { kind: "docker-archive", path: "a.tar", name: "app:1", digest: null }],
    ["reg.example:5000/oci:1", { kind: "registry", text: "reg.example:5000/oci:1" }],
    ["oci", { kind: "registry", text: "oci" }],
  ] as const) {
    test(text, () => {
      const parsed = parseEndpoint(text);
      assert.deepEqual(parsed, expected);
      if (parsed.kind !== "registry") assert.equal(renderEnd(parsed), text);
    });
  }

  for (const text of ["oci:", "oci:dir:", "oci-archive::tag", "oci:dir@sha256:short"]) {
    test(`${text} is refused, with what to type`, () => {
      assert.throws(
        () => parseEndpoint(text),
        (error) => isRegctlError(error, "USAGE") && error.facts.type?.startsWith("oci") === true,
      );
    });
  }

  for (const [name, tag] of [
    ["1.0", "1.0"],
    ["reg.example:5000/app:1.0", "1.0"],
    ["reg.example:5000/app", null],
    ["a b", null],
  ] as const) {
    test(`the tag of "${name}" is ${tag}`, () => assert.equal(tagOf(name), tag));
  }
});

describe("where it lands", () => {
  for (const [from, to, name, destination] of [
    ["r.test/app:1", "s.test/app:2", "2", "s.test/app:2"],
    ["r.test/app:1", "s.test/app", "1", "s.test/app:1"],
    ["r.test/app", "s.test/app", "latest", "s.test/app:latest"],
    [`r.test/app@${digest}`, "s.test/app", null, `s.test/app@${digest}`],
    [`r.test/app:1@${digest}`, "s.test/app", "1", "s.test/app:1"],
    ["r.test/app:1", `s.test/app@${digest}`, null, `s.test/app@${digest}`],
    ["r.test/app:1", `s.test/app:2@${digest}`, "2", "s.test/app:2"],
    ["r.test/app:1", "oci:dir", "1", "oci:dir:1"],
    ["r.test/app:1", "oci:dir:x", "x", "oci:dir:x"],
    [`r.test/app@${digest}`, "oci:dir", null, "oci:dir"],
    ["oci:dir:1", "r.test/app", "1", "r.test/app:1"],
    ["oci:dir", "r.test/app", "found", "r.test/app:found"],
    [`oci:dir@${digest}`, "r.test/app", "found", "r.test/app:found"],
    [
      "r.test/team/app:1",
      "docker-archive:a.tar",
      "r.test/team/app:1",
      "docker-archive:a.tar:r.test/team/app:1",
    ],
    ["alpine:1", "docker-archive:a.tar", "alpine:1", "docker-archive:a.tar:alpine:1"],
    ["docker-archive:a.tar:app:1", "oci:dir", "1", "oci:dir:1"],
  ] as const) {
    test(`${from} to ${to}`, () => {
      const landing = planLanding({
        from: endOf(from),
        to: endOf(to),
        named: null,
        foundName: "x:found",
        digest,
      });
      assert.deepEqual(landing, { name, destination });
    });
  }

  test("an image in a file that has no name is latest, unless it was named by its digest", () => {
    const plan = (from: string) =>
      planLanding({ from: endOf(from), to: endOf("r.test/app"), named: null, foundName: null, digest }).name;
    assert.deepEqual([plan("oci:dir"), plan(`oci:dir@${digest}`)], ["latest", null]);
  });

  test("another digest than the one that DST names is refused", () => {
    const input = {
      from: endOf("r.test/app:1"),
      to: endOf(`s.test/app@${other}`),
      named: null,
      foundName: null,
      digest,
    };
    assert.throws(
      () => planLanding(input),
      (error) => isRegctlError(error, "USAGE"),
    );
  });

  test("one of all tags keeps its own", () => {
    const [from, to] = [endOf("r.test/app"), endOf("s.test/copy")];
    assert.deepEqual(pairNamed(from, "7"), { key: "7", source: "r.test/app:7" });
    assert.equal(planLanding({ from, to, named: "7", foundName: null, digest }).destination, "s.test/copy:7");
  });

  test("SRC without tag or digest is latest; with both the digest decides", () => {
    assert.equal(pairOf(endOf("r.test/app")).key, "latest");
    assert.equal(pairOf(endOf(`r.test/app:1@${digest}`)).key, digest);
  });
});

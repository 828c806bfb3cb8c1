import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { parseImageArgument } from "../../src/publish/image-argument.ts";

const cases: readonly (readonly [string, string, string])[] = [
  ["3f2a9c", "engine", "3f2a9c"],
  ["app:1.0", "engine", "app:1.0"],
  ["localhost:5000/app", "engine", "localhost:5000/app"],
  ["team/app.tar:1", "engine", "team/app.tar:1"],
  ["oci:dir:1.0", "oci", "dir"],
  ["oci-archive:x.tar", "oci-archive", "x.tar"],
  ["docker-archive:x.tar:app:1", "docker-archive", "x.tar"],
  ["saved.tar", "docker-archive", "saved.tar"],
  ["saved.tar.gz", "docker-archive", "saved.tar.gz"],
  ["./saved", "docker-archive", "./saved"],
  ["../a:b/saved", "docker-archive", "../a:b/saved"],
  ["/tmp/saved", "docker-archive", "/tmp/saved"],
];

describe("IMAGE", () => {
  for (const [given, kind, where] of cases) {
    it(`${given} is ${kind}`, () => {
      const parsed = parseImageArgument(given);
      assert.equal(parsed.kind, kind);
      assert.equal(parsed.kind === "engine" ? parsed.name : parsed.path, where);
    });
  }

  it("is something", () => {
    assert.throws(
      () => parseImageArgument(""),
      (error) => isRegctlError(error, "USAGE"),
    );
  });
});

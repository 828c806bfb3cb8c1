import assert from "node:assert/strict";
import { test } from "node:test";
import { atLeast, parseEngineVersion } from "../../src/platform/engine-version.ts";

const spellings: readonly (readonly [string, string | null])[] = [
  ["20.10.24+dfsg1", "20.10.24"],
  ["1.12.6", "1.12.6"],
  ["17.04.0-ce", "17.4.0"],
  ["28.5.2+dfsg", "28.5.2"],
  ["19.03.12", "19.3.12"],
  ["v1.9.1", "1.9.1"],
  ["23.0.0-rc.1", "23.0.0"],
  ["26.1", "26.1.0"],
  ["1.13.1~ds1", "1.13.1"],
  ["swarm/1.2.5", null],
  ["dev", null],
  ["0.0.0-20250101120000-abcdef", null],
  ["", null],
  ["1", null],
];

test("versions are read as engines spell them", () => {
  for (const [text, expected] of spellings) {
    const version = parseEngineVersion(text);
    const shown = version === null ? null : `${version.major}.${version.minor}.${version.patch}`;
    assert.equal(shown, expected, text);
  }
});

test("the order of releases, across the change of numbering", () => {
  const order = [
    "1.6.2",
    "1.9.1",
    "1.12.6",
    "1.13.0",
    "1.13.1",
    "17.03.0-ce",
    "17.04.0-ce",
    "18.09.1",
    "28.0.0",
  ];
  for (const [index, version] of order.entries()) {
    for (const [other, wanted] of order.entries()) {
      assert.equal(atLeast(version, wanted), index >= other, `${version} >= ${wanted}`);
      assert.equal(atLeast(parseEngineVersion(version), wanted), index >= other, `${version} >= ${wanted}`);
    }
  }
});

test("an unknown version is new enough for nothing", () => {
  for (const version of [undefined, null, "", "dev", "swarm/1.2.5"])
    assert.equal(atLeast(version, "1.0.0"), false);
});

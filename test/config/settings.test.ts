import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSettings, renderSettings } from "../../src/config/settings.ts";
import { isRegctlError } from "../../src/errors.ts";

const path = "/home/ann/.config/regctl/config.json";

describe("parseSettings", () => {
  it("takes no file and an empty one for no settings", () => {
    assert.deepEqual(parseSettings(null, path), {});
    assert.deepEqual(parseSettings(" \n", path), {});
  });

  it("reads what is ours and passes over the rest", () => {
    const text =
      '{"future":1,"defaultRegistry":"reg:5000","registries":{"reg:5000":{"insecure":true,"x":2},"b":{"ca":"/c"}}}';
    assert.deepEqual(parseSettings(text, path), {
      defaultRegistry: "reg:5000",
      registries: { "reg:5000": { insecure: true }, b: { ca: "/c" } },
    });
  });

  const broken: readonly string[] = [
    "{",
    "[]",
    "null",
    '{"defaultRegistry":1}',
    '{"registries":[]}',
    '{"registries":{"a":null}}',
    '{"registries":{"a":{"insecure":"yes"}}}',
    '{"registries":{"a":{"ca":true}}}',
  ];
  for (const text of broken) {
    it(`stops at ${text}`, () => {
      assert.throws(
        () => parseSettings(text, path),
        (error: unknown) => isRegctlError(error, "STATE_UNREADABLE") && error.facts.path === path,
      );
    });
  }
});

describe("renderSettings", () => {
  it("keeps keys that are not ours, in their order", () => {
    const text =
      '{"future":{"a":1},"registries":{"old:1":{"insecure":true,"x":2},"gone:1":{}},"defaultRegistry":"a"}';
    const rendered = renderSettings(text, path, {
      registries: { "old:1": { ca: "/c" }, "new:1": { insecure: true } },
    });
    assert.equal(
      rendered,
      `${JSON.stringify(
        { future: { a: 1 }, registries: { "old:1": { x: 2, ca: "/c" }, "new:1": { insecure: true } } },
        null,
        2,
      )}\n`,
    );
  });

  it("gives back what was parsed", () => {
    const settings = { defaultRegistry: "reg:5000", registries: { "reg:5000": { insecure: true } } } as const;
    const text = renderSettings(null, path, settings);
    assert.deepEqual(parseSettings(text, path), settings);
    assert.equal(renderSettings(text, path, settings), text);
  });
});

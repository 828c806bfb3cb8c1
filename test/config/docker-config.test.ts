import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  authEntryOf,
  dockerConfigPath,
  parseDockerConfig,
  podmanAuthPaths,
} from "../../src/config/docker-config.ts";
import { changeDockerConfig } from "../../src/config/docker-config-text.ts";
import { isRegctlError } from "../../src/errors.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("parseDockerConfig", () => {
  test("reads every form of a login", () => {
    const config = parseDockerConfig(
      JSON.stringify({
        auths: {
          a: { auth: base64("user:pass:word") },
          b: { username: "u", password: "p" },
          c: { auth: base64("u:"), identitytoken: "idt" },
          d: { registrytoken: "rt" },
          e: {},
          f: { auth: base64("u:") },
          g: "odd",
        },
      }),
    );
    assert.deepEqual(config?.auths, {
      a: { kind: "password", username: "user", password: "pass:word" },
      b: { kind: "password", username: "u", password: "p" },
      c: { kind: "identity-token", username: "u", token: "idt" },
      d: { kind: "registry-token", token: "rt" },
      e: null,
      f: null,
      g: null,
    });
  });

  test("a helper's name leads to no other program", () => {
    const helpers = { credsStore: "../../bin/sh", credHelpers: { a: "ecr-login", b: "x y", c: 1 } };
    const config = parseDockerConfig(JSON.stringify(helpers));
    assert.deepEqual([config?.credsStore, config?.credHelpers], [null, { a: "ecr-login" }]);
  });

  test("nothing is nothing, and what is no JSON object is null", () => {
    const none = { auths: {}, credsStore: null, credHelpers: {} };
    assert.deepEqual(
      [parseDockerConfig(null), parseDockerConfig(" \n"), parseDockerConfig("{}")],
      [none, none, none],
    );
    assert.deepEqual(
      [parseDockerConfig("{"), parseDockerConfig("[]"), parseDockerConfig("1")],
      [null, null, null],
    );
  });

  test("what is written is read back", () => {
    for (const credential of [
      { kind: "password", username: "ü", password: "p:ß" },
      { kind: "identity-token", username: "u", token: "t" },
      { kind: "registry-token", token: "t" },
    ] as const) {
      const text = JSON.stringify({ auths: { x: authEntryOf(credential) } });
      assert.deepEqual(parseDockerConfig(text)?.auths.x, credential);
    }
  });
});

describe("changeDockerConfig", () => {
  const add = [{ path: ["auths", "r:5000"], value: { auth: "x" } }];

  test("a new file looks as docker writes it", () => {
    assert.equal(
      changeDockerConfig(null, add, "/c"),
      '{\n\t"auths": {\n\t\t"r:5000": {\n\t\t\t"auth": "x"\n\t\t}\n\t}\n}',
    );
  });

  test("keys that are not ours, their order and the indent stay", () => {
    const tabs =
      '{\n\t"psFormat": "x",\n\t"auths": {\n\t\t"a": {}\n\t},\n\t"HttpHeaders": {\n\t\t"M": "1"\n\t}\n}\n';
    assert.equal(
      changeDockerConfig(tabs, add, "/c"),
      tabs.replace('"a": {}\n', '"a": {},\n\t\t"r:5000": {\n\t\t\t"auth": "x"\n\t\t}\n'),
    );
    const spaces = '{\n    "z": 1,\n    "auths": {\n        "a": {}\n    }\n}';
    const changed = changeDockerConfig(spaces, add, "/c");
    assert.ok(changed.includes('\n        "r:5000": {\n            "auth": "x"\n        }'), changed);
    assert.ok(changed.startsWith('{\n    "z": 1,\n'));
  });

  test("what was added goes again, byte for byte", () => {
    const text = '{\n\t"auths": {\n\t\t"a": {}\n\t},\n\t"credsStore": "x"\n}';
    const changed = changeDockerConfig(text, add, "/c");
    assert.equal(changeDockerConfig(changed, [{ path: ["auths", "r:5000"], value: undefined }], "/c"), text);
  });

  test("a broken file is refused, with its place", () => {
    assert.throws(
      () => changeDockerConfig('{\n\t"auths": {,}\n}', add, "/c"),
      (error) => {
        assert.ok(isRegctlError(error, "CONFIG_BROKEN"));
        assert.deepEqual([error.facts.path, error.facts.line, error.facts.column], ["/c", 2, 12]);
        return true;
      },
    );
    assert.throws(
      () => changeDockerConfig("[]", add, "/c"),
      (error) => isRegctlError(error, "CONFIG_BROKEN"),
    );
  });
});

test("where the files are", () => {
  assert.equal(dockerConfigPath({}, "/h"), "/h/.docker/config.json");
  assert.equal(dockerConfigPath({ DOCKER_CONFIG: "/d" }, "/h"), "/d/config.json");
  assert.deepEqual(podmanAuthPaths({ REGISTRY_AUTH_FILE: "/r.json" }, "/h"), ["/r.json"]);
  assert.deepEqual(podmanAuthPaths({ XDG_RUNTIME_DIR: "/run/user/1" }, "/h"), [
    "/run/user/1/containers/auth.json",
    "/h/.config/containers/auth.json",
  ]);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type DefaultRegistryInput,
  defaultRegistry,
  registryHostOf,
} from "../../src/config/default-registry.ts";
import { maySaveSettings } from "../../src/config/may-save.ts";
import { settingsPath, userPaths } from "../../src/config/paths.ts";

describe("userPaths", () => {
  it("follows the XDG base directories", () => {
    assert.deepEqual(userPaths({}, "/home/ann"), {
      config: "/home/ann/.config/regctl",
      state: "/home/ann/.local/state/regctl",
      cache: "/home/ann/.cache/regctl",
      data: "/home/ann/.local/share/regctl",
    });
    const environment = {
      XDG_CONFIG_HOME: "/c/",
      XDG_STATE_HOME: "/s",
      XDG_CACHE_HOME: "relative",
      XDG_DATA_HOME: "",
    };
    assert.deepEqual(userPaths(environment, "/home/ann"), {
      config: "/c/regctl",
      state: "/s/regctl",
      cache: "/home/ann/.cache/regctl",
      data: "/home/ann/.local/share/regctl",
    });
    assert.equal(settingsPath({ config: "/c/regctl" }), "/c/regctl/config.json");
  });
});

describe("maySaveSettings", () => {
  const sudo = { SUDO_UID: "1000", SUDO_USER: "ann" };
  const cases = [
    [{ euid: 1000, environment: {}, homeOwnerUid: 1000 }, true],
    [{ euid: 0, environment: {}, homeOwnerUid: 0 }, true],
    [{ euid: 0, environment: sudo, homeOwnerUid: 0 }, true],
    [{ euid: 0, environment: sudo, homeOwnerUid: null }, true],
    [{ euid: 0, environment: sudo, homeOwnerUid: 1000 }, false],
    // su -m, doas
    [{ euid: 0, environment: {}, homeOwnerUid: 1000 }, false],
  ] as const;
  for (const [facts, ok] of cases) {
    it(`${ok ? "allows" : "refuses"} ${JSON.stringify(facts)}`, () => {
      assert.equal(maySaveSettings(facts).ok, ok);
    });
  }
});

describe("defaultRegistry", () => {
  const all: DefaultRegistryInput = {
    reference: "ref:1/name:tag",
    flag: "flag:1",
    environment: { REGCTL_REGISTRY: "env:1" },
    settings: { defaultRegistry: "set:1" },
    liveTunnels: ["127.0.0.1:5000"],
  };
  const { reference: _reference, ...noReference } = all;
  const { flag: _flag, ...noFlag } = noReference;
  const noEnvironment = { ...noFlag, environment: { REGCTL_REGISTRY: "" } };
  const noSettings = { ...noEnvironment, settings: {} };
  const cases: readonly (readonly [DefaultRegistryInput, string | null, string | null])[] = [
    [all, "ref:1", "reference"],
    [{ ...all, reference: "team/name" }, "flag:1", "flag"],
    [noReference, "flag:1", "flag"],
    [noFlag, "env:1", "environment"],
    [noEnvironment, "set:1", "settings"],
    [noSettings, "127.0.0.1:5000", "tunnel"],
    [{ ...noSettings, liveTunnels: ["a:1", "b:1"] }, null, null],
    [{ ...noSettings, liveTunnels: [] }, null, null],
  ];
  for (const [input, registry, from] of cases) {
    it(`is ${registry} by ${from}`, () => {
      assert.deepEqual(defaultRegistry(input), registry === null ? null : { registry, from });
    });
  }
});

describe("registryHostOf", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["name", null],
    ["name:tag", null],
    ["host:5000", null],
    ["team/name", null],
    ["localhost/name", "localhost"],
    ["host.test/name", "host.test"],
    ["host:5000/team/name@sha256:0", "host:5000"],
    ["[fd00::1]:5000/name", "[fd00::1]:5000"],
    ["Host/name", "Host"],
    ["/name", null],
    ["", null],
  ];
  for (const [reference, host] of cases) {
    it(`${JSON.stringify(reference)} has ${host}`, () => {
      assert.equal(registryHostOf(reference), host);
    });
  }
});

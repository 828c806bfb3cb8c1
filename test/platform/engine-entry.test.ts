import assert from "node:assert/strict";
import { test } from "node:test";
import { engineWouldRefuse, isReferable, matchesEntry, sameEntry } from "../../src/platform/engine-entry.ts";
import { insecureRegistries, registryMirrors } from "../../src/platform/formats/format.ts";

test("an entry matches its very string, or the addresses of its network", () => {
  const matching: readonly (readonly [string, string])[] = [
    ["reg.test:5000", "reg.test:5000"],
    ["http://reg.test:5000", "reg.test:5000"],
    ["10.0.0.0/8", "10.1.2.3:5000"],
    ["10.0.0.0/8", "10.1.2.3"],
    ["10.9.9.9/8", "10.1.2.3"],
    ["10.0.0.0/8", "10.1.0.0/16"],
    ["fd00::/64", "[fd00::5]:5000"],
    ["fd00::/64", "fd00::5"],
    ["127.0.0.0/8", "127.0.0.1:5000"],
  ];
  for (const [entry, registry] of matching)
    assert.equal(matchesEntry(entry, registry), true, `${entry} ${registry}`);
});

test("an entry does not match by port, by case, by name or by half a network", () => {
  const apart: readonly (readonly [string, string])[] = [
    ["reg.test", "reg.test:5000"],
    ["reg.test:80", "reg.test"],
    ["REG.TEST:5000", "reg.test:5000"],
    ["10.0.0.0/16", "10.0.0.0/8"],
    ["10.0.0.0/8", "reg.test:5000"],
    ["10.0.0.1", "10.0.0.1:5000"],
    ["fd00::/64", "[fd00::5]"],
    ["docker.io", "docker.io"],
  ];
  for (const [entry, registry] of apart)
    assert.equal(matchesEntry(entry, registry), false, `${entry} ${registry}`);
});

test("two spellings of one entry", () => {
  assert.equal(sameEntry("http://h.test:5000", "h.test:5000"), true);
  assert.equal(sameEntry("10.0.0.7/24", "10.0.0.0/24"), true);
  assert.equal(sameEntry("10.0.0.0/24", "10.0.0.0/25"), false);
  assert.equal(sameEntry("h.test", "h.test:5000"), false);
});

test("what an image name can begin with: a dot, a port, brackets or localhost, and no network", () => {
  const referable = ["reg.test", "reg:5000", "reg.test:5000", "10.0.0.7", "10.0.0.7:5000", "localhost"];
  for (const entry of [...referable, "localhost:5000", "[fd00::5]", "[fd00::5]:5000"])
    assert.equal(isReferable(entry), true, entry);
  for (const entry of ["registry", "fd00::5", "::1", "10.0.0.0/8", "fd00::/64", "http://reg.test:5000"])
    assert.equal(isReferable(entry), false, entry);
});

test("what engines made of entries, run for real on 20.10.24", () => {
  const good = [
    "host:5000",
    "host",
    "1.2.3.4",
    "1.2.3.4:5000",
    "1.2.3.0/24",
    "0.0.0.0/0",
    "fd00::/64",
    "http://h:5000",
  ];
  for (const entry of [
    ...good,
    "HTTP://h:5000",
    "https://h",
    "fd00::5",
    "[fd00::5]:5000",
    "docker.io",
    "host:05000",
  ]) {
    assert.equal(engineWouldRefuse(entry, insecureRegistries), null, entry);
  }
  const bad = [
    "h:5000/",
    "http://h:5000/",
    "h:5000/path",
    "10.0.0.0/24:5000",
    "*.x:5000",
    "*",
    ".x:5000",
    " h",
    "h ",
  ];
  for (const entry of [
    ...bad,
    "h:",
    "h_1:5000",
    "ü.test",
    "",
    "a:1,b:2",
    "h:99999",
    "-h",
    "h-",
    "ftp://h",
    "'h'",
  ]) {
    assert.equal(typeof engineWouldRefuse(entry, insecureRegistries), "string", entry);
  }
});

test("mirrors have a scheme and no user", () => {
  assert.equal(engineWouldRefuse("https://m.test/", registryMirrors), null);
  assert.equal(engineWouldRefuse("http://m.test:5000", registryMirrors), null);
  for (const entry of [
    "m.test:5000",
    "ftp://m.test",
    "https://u:p@m.test",
    "https://m.test/?a=b",
    "https://",
  ]) {
    assert.equal(typeof engineWouldRefuse(entry, registryMirrors), "string", entry);
  }
});

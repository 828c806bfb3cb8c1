import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ErrorFacts } from "../../src/errors.ts";
import { isRegctlError } from "../../src/errors.ts";
import { engineWouldRefuse } from "../../src/platform/engine-entry.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import { insecureByDefault, judgeRegistry } from "../../src/platform/registry-name.ts";

const taken: readonly (readonly [given: string, registry: string, kind: string, port?: number])[] = [
  ["reg.test:5000", "reg.test:5000", "host", 5000],
  ["host", "host", "host"],
  ["REG.Test:5000", "reg.test:5000", "host", 5000],
  ["http://h.test:5000", "h.test:5000", "host", 5000],
  ["HTTPS://h.test:5000/", "h.test:5000", "host", 5000],
  ["h.test:5000/", "h.test:5000", "host", 5000],
  ["h.test:443", "h.test:443", "host", 443],
  ["h.test:65535", "h.test:65535", "host", 65535],
  ["1.2.3.4", "1.2.3.4", "ipv4"],
  ["1.2.3.4:5000", "1.2.3.4:5000", "ipv4", 5000],
  ["1.2.3.0/24", "1.2.3.0/24", "cidr4"],
  ["1.2.3.4/24", "1.2.3.0/24", "cidr4"],
  ["1.2.3.4/32", "1.2.3.4/32", "cidr4"],
  ["http://10.0.0.0/8/", "10.0.0.0/8", "cidr4"],
  ["10.0.0.0/08", "10.0.0.0/8", "cidr4"],
  ["fd00::5", "fd00::5", "ipv6"],
  ["FD00:0:0::5", "fd00::5", "ipv6"],
  ["[fd00::5]:5000", "[fd00::5]:5000", "ipv6", 5000],
  ["[FD00::0:5]:5000", "[fd00::5]:5000", "ipv6", 5000],
  ["[fd00::5]", "[fd00::5]", "ipv6"],
  ["fd00::/64", "fd00::/64", "cidr6"],
  ["fd00::5/64", "fd00::/64", "cidr6"],
  ["xn--bcher-kva.test:5000", "xn--bcher-kva.test:5000", "host", 5000],
];

test("registries that engines take, in their one spelling", () => {
  for (const [given, registry, kind, port] of taken) {
    const judged = judgeRegistry(given);
    assert.deepEqual([judged.registry, judged.kind, judged.port], [registry, kind, port], given);
    assert.equal(judged.said.length > 0, given !== registry, `${given}: ${judged.said.join("; ")}`);
  }
});

test("what was changed is said", () => {
  assert.deepEqual(judgeRegistry("HTTP://Reg.test:5000/").said, [
    "left out HTTP://",
    "left out the slash at the end",
    "taken as reg.test:5000 in lower case, for the engine compares letter by letter",
  ]);
});

const refused: readonly (readonly [given: string, problem: RegExp, type?: string])[] = [
  ["", /empty/, "registry.example:5000"],
  ["h.test:5000/path", /path/, "h.test:5000"],
  ["h.test:5000//", /path/, "h.test:5000"],
  ["http://h.test/v2/", /path/, "h.test"],
  ["*.x.test:5000", /wildcard/],
  ["*", /wildcard/],
  [".x.test:5000", /dot/, "x.test:5000"],
  ["x.test.", /dot/, "x.test"],
  [" h.test", /space/, "h.test"],
  ["h.test ", /space/, "h.test"],
  ["h test", /space/],
  ["h.test\n", /space/, "h.test"],
  ["a.test:1,b.test:2", /list/, "a.test:1"],
  ["10.0.0.0/24:5000", /no port/, "10.0.0.0/24"],
  ["10.0.0.0/33", /out of range/],
  ["h.test:", /port is empty/, "h.test"],
  ["h.test:0", /between 1 and 65535/],
  ["h.test:99999", /between 1 and 65535/],
  ["h.test:05000", /begins with 0/, "h.test:5000"],
  ["h.test:http", /not a number/],
  [":5000", /no host/],
  ["h_1.test:5000", /underscore/],
  ["-h.test", /hyphen/],
  ["h-:5000", /hyphen/],
  ["a-.test", /hyphen/],
  ["büch.test:5000", /ASCII/, "xn--bch-hoa.test:5000"],
  ["ftp://h.test", /ftp:\/\//, "h.test"],
  ["https://user:geheim@h.test:5000", /user name/, "h.test:5000"],
  ["1.2.3", /IPv4/],
  ["1.2.3.400:5000", /IPv4/],
  ["010.0.0.5", /IPv4/],
  ["fd00::5%eth0", /IPv6/],
  ["::ffff:10.0.0.5", /IPv6/],
  ["[10.0.0.5]:5000", /IPv6/],
  ["[fd00::5:5000", /IPv6/],
  ["h.test:5000;reboot", /not a number/],
  ["h$x.test", /holds no \$/],
];

function errorOf(given: string): unknown {
  try {
    judgeRegistry(given);
  } catch (error) {
    return error;
  }
  return assert.fail(`${JSON.stringify(given)} was taken`);
}

test("what no engine takes, with the form to type", () => {
  for (const [given, problem, type] of refused) {
    const error = errorOf(given);
    assert.ok(isRegctlError(error, "BAD_REGISTRY"), given);
    const facts: ErrorFacts["BAD_REGISTRY"] = error.facts;
    assert.match(facts.problem, problem, given);
    assert.equal(facts.type, type === "registry.example:5000" ? facts.type : type, given);
    assert.doesNotMatch(facts.given, /geheim|\p{Cc}/u);
  }
});

test("networks that are the whole internet", () => {
  for (const given of [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/0",
    "0.0.0.0/00",
    "http://0.0.0.0/0/",
    "0::0/0",
    "fd00::/0",
  ]) {
    assert.ok(isRegctlError(errorOf(given), "REGISTRY_TOO_WIDE"), given);
  }
});

test("Docker Hub cannot be made insecure", () => {
  const names = ["docker.io", "Docker.IO", "index.docker.io", "registry-1.docker.io", "https://docker.io/"];
  for (const given of [...names, "docker.io:443", "registry-1.docker.io:443", "index.docker.io:80"]) {
    assert.ok(isRegctlError(errorOf(given), "REGISTRY_NO_EFFECT"), given);
  }
});

test("loopback needs nothing, ::1 only since 28.0", () => {
  for (const given of ["127.0.0.1:5000", "localhost:5000", "LOCALHOST", "127.8.0.0/16", "127.0.0.0/8"]) {
    assert.equal(insecureByDefault(judgeRegistry(given), undefined), true, given);
  }
  for (const given of ["[::1]:5000", "::1", "::1/128"]) {
    assert.equal(judgeRegistry(given).loopback, true, given);
    assert.equal(insecureByDefault(judgeRegistry(given), "27.5.1"), false, given);
    assert.equal(insecureByDefault(judgeRegistry(given), "28.0.0"), true, given);
  }
  for (const given of ["128.0.0.1", "126.0.0.0/7", "foo.localhost:5000", "::2", "::/127"]) {
    assert.equal(judgeRegistry(given).loopback, false, given);
  }
});

test("caveats of IPv6 and of names without a dot", () => {
  assert.equal(judgeRegistry("[fd00::5]:5000").needsEngine?.version, "25.0.0");
  assert.equal(judgeRegistry("[fd00::5]:5000").needsEngine?.refusedBefore, false);
  assert.equal(judgeRegistry("[fd00::5]").needsEngine?.refusedBefore, true);
  assert.equal(judgeRegistry("fd00::/64").needsEngine?.version, "25.0.0");
  assert.match(judgeRegistry("fd00::5").notes.join(), /\[fd00::5\]:PORT/);
  assert.match(judgeRegistry("registry").notes.join(), /Docker Hub/);
  assert.deepEqual(judgeRegistry("reg.test").notes, []);
  assert.equal(judgeRegistry("reg.test").needsEngine, undefined);
});

test("whatever is taken is stable, and no engine refuses it", () => {
  const part = fc.constantFrom(
    "reg",
    "a-b",
    "X",
    "10",
    "1.2.3.4",
    "fd00",
    "::",
    "[",
    "]",
    ":",
    "/",
    "5000",
    "24",
    ".",
    "_",
    "@",
    "http://",
    "-",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
      let judged: ReturnType<typeof judgeRegistry>;
      try {
        judged = judgeRegistry(parts.join(""));
      } catch (error) {
        assert.ok(isRegctlError(error));
        return;
      }
      const again = judgeRegistry(judged.registry);
      assert.deepEqual(again, { ...judged, said: [] });
      assert.equal(engineWouldRefuse(judged.registry, insecureRegistries), null, judged.registry);
    }),
    { numRuns: 2000 },
  );
});

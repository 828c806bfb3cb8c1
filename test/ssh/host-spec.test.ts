import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { parseHostSpec, renderHostName } from "../../src/ssh/host-spec.ts";

describe("parseHostSpec", () => {
  const cases = {
    server: { host: "server" },
    "me@server": { user: "me", host: "server" },
    "me@server:2222": { user: "me", host: "server", port: 2222 },
    "10.0.0.1:22": { host: "10.0.0.1", port: 22 },
    "[fe80::1%eth0]:22": { host: "fe80::1%eth0", port: 22 },
    "me@[10.0.0.1]:2200": { user: "me", host: "10.0.0.1", port: 2200 },
    "[::1]": { host: "::1" },
    "me@::1": { user: "me", host: "::1" },
    "me@corp.example@server": { user: "me@corp.example", host: "server" },
    "ssh://me@server:2222/": { user: "me", host: "server", port: 2222 },
    "ssh://[::1]:2222": { host: "::1", port: 2222 },
    "prod_1.lan": { host: "prod_1.lan" },
  };
  for (const [given, expected] of Object.entries(cases)) {
    it(`reads ${given}`, () => assert.deepEqual(parseHostSpec(given), expected));
  }

  const refused = [
    "",
    "@server",
    "me@",
    "-oProxyCommand=x",
    "me@-x",
    "-l@server",
    "a b",
    "server:",
    "server:0",
    "server:65536",
  ];
  for (const given of [...refused, "server:x", "a/b", "ssh://", "me@a\nb", "x:y@server", "[::1"]) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => parseHostSpec(given),
        (error) => isRegctlError(error, "USAGE"),
      );
    });
  }

  it("reads the names that it renders", () => {
    const specs = fc.record(
      {
        user: fc.stringMatching(/^[a-z_][a-z0-9_.]{0,8}$/),
        host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
        port: fc.integer({ min: 1, max: 65535 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(specs, (spec) => {
        const { port, ...rest } = parseHostSpec(renderHostName(spec));
        assert.deepEqual({ port: port ?? 22, ...rest }, spec);
      }),
    );
  });
});

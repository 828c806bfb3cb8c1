import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Authentication, authenticationsOf, parseChallenges } from "../../src/registry/challenge.ts";

const bearer = (realm: string, more: object = {}): Authentication => ({ kind: "bearer", realm, ...more });

/** Headers as the servers of their names send them, or as RFC 9110 writes them. */
const headers: readonly (readonly [name: string, header: string, answers: readonly Authentication[]])[] = [
  [
    "distribution",
    'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push"',
    [bearer("https://auth.test/token", { service: "registry.test", scope: "repository:a/b:pull,push" })],
  ],
  [
    "distribution, when a token is not enough",
    'Bearer realm="https://a.test/t",service="r",scope="repository:a:pull",error="insufficient_scope"',
    [bearer("https://a.test/t", { service: "r", scope: "repository:a:pull", error: "insufficient_scope" })],
  ],
  ["htpasswd", 'Basic realm="Registry Realm"', [{ kind: "basic", realm: "Registry Realm" }]],
  [
    "two challenges in one header, the other way round",
    'Basic realm="x, y", Bearer realm="https://a.test/t", service="s"',
    [bearer("https://a.test/t", { service: "s" }), { kind: "basic", realm: "x, y" }],
  ],
  ["Apache with Kerberos", 'Negotiate, Basic realm="LDAP"', [{ kind: "basic", realm: "LDAP" }]],
  ["Negotiate with a token", "Negotiate YIIB/+6=, Basic realm=x", [{ kind: "basic", realm: "x" }]],
  ["NTLM alone", "NTLM TlRMTVNTUAACAAAA", []],
  [
    "any case",
    "bEaReR REALM=\"https://a.test/t\",Service='x'",
    [bearer("https://a.test/t", { service: "'x'" })],
  ],
  [
    "without quotes",
    "Bearer realm=https://a.test/t,service=s",
    [bearer("https://a.test/t", { service: "s" })],
  ],
  [
    "spaces around everything",
    'Bearer  realm = "https://a.test/t" ,\tservice = "s"  , ',
    [bearer("https://a.test/t", { service: "s" })],
  ],
  ["backslashes", 'Basic realm="a \\"b\\" \\\\c"', [{ kind: "basic", realm: 'a "b" \\c' }]],
  ["Basic without a realm", "Basic", [{ kind: "basic", realm: "" }]],
  ["Bearer without a realm", 'Bearer service="s", Basic realm=x', [{ kind: "basic", realm: "x" }]],
  ["a realm twice", 'Bearer realm="https://a.test/",realm="https://evil.test/"', [bearer("https://a.test/")]],
  ["no closing quote", 'Bearer realm="https://a.test/t', [bearer("https://a.test/t")]],
  ["empty scope", 'Bearer realm="https://a.test/t",scope=""', [bearer("https://a.test/t")]],
  [
    "names of other things",
    'Bearer realm="https://a.test/t",__proto__="x",constructor=y',
    [bearer("https://a.test/t")],
  ],
  ["nothing", "", []],
  ["commas", ",, ,", []],
  ["rubbish before", '"rubbish", Basic realm=x', [{ kind: "basic", realm: "x" }]],
];

describe("what can be answered, Bearer first", () => {
  for (const [name, header, answers] of headers) {
    test(name, () => assert.deepEqual(authenticationsOf(header), answers));
  }
  test("no header", () => assert.deepEqual(authenticationsOf(undefined), []));
});

test("every challenge is found, whatever stands in the quotes", () => {
  const quote = (text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const value = fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text));
  const challenge = fc.record({
    scheme: fc.constantFrom("Bearer", "basic", "Digest", "X-Own"),
    parameters: fc.uniqueArray(fc.tuple(name, value), {
      minLength: 1,
      maxLength: 4,
      selector: ([key]) => key,
    }),
  });
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
      const header = challenges
        .map(({ scheme, parameters }) => {
          const listed = parameters.map(([key, text]) => `${key.toUpperCase()}=${quote(text)}`);
          return `${scheme} ${listed.join(", ")}`;
        })
        .join(", ");
      assert.deepEqual(
        parseChallenges(header).map(({ scheme, parameters }) => [scheme, [...parameters]]),
        challenges.map(({ scheme, parameters }) => [scheme.toLowerCase(), parameters]),
      );
    }),
    { numRuns: 500 },
  );
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { renderTo } from "../../src/tunnel/find-registry.ts";
import { parseDestination, parseForward } from "../../src/tunnel/forward-argument.ts";
import { openAddresses, parseTunnelRequest, serverName } from "../../src/tunnel/request.ts";
import { planForwards } from "../../src/tunnel/start-tunnel.ts";
import { renderForward, tunnelArguments } from "../../src/tunnel/tunnel-arguments.ts";

const isUsage = (error: unknown) => isRegctlError(error, "USAGE");

describe("--to", () => {
  for (const [text, shown] of [
    ["localhost:5000", "localhost:5000"],
    ["10.0.0.5:443", "10.0.0.5:443"],
    ["[::1]:5000", "[::1]:5000"],
    ["5001", "localhost:5001"],
    ["unix:/run/registry.sock", "unix:/run/registry.sock"],
    ["/run/registry.sock", "unix:/run/registry.sock"],
  ] as const) {
    test(`${text} is ${shown}`, () => assert.equal(renderTo(parseDestination(text, "--to")), shown));
  }

  for (const text of [
    "",
    "host",
    "host:",
    ":5000",
    "host:0",
    "host:65536",
    "a:b:1",
    "[::1:5000",
    "host:5x",
  ]) {
    test(`"${text}" is none`, () => assert.throws(() => parseDestination(text, "--to"), isUsage));
  }
});

describe("--forward is read as ssh -L reads it, and written so that it is read the same", () => {
  for (const [text, written] of [
    ["8080:localhost:80", "127.0.0.1:8080:localhost:80"],
    ["localhost:8080:web:80", "127.0.0.1:8080:web:80"],
    ["*:8080:web:80", "0.0.0.0:8080:web:80"],
    [":8080:web:80", "0.0.0.0:8080:web:80"],
    ["[::1]:8080:[fe80::1]:80", "[::1]:8080:[fe80::1]:80"],
    ["8080:/run/a.sock", "127.0.0.1:8080:/run/a.sock"],
    ["0.0.0.0:8080:/run/a.sock", "0.0.0.0:8080:/run/a.sock"],
    ["/tmp/here.sock:localhost:80", "/tmp/here.sock:localhost:80"],
    ["/tmp/here.sock:/run/there.sock", "/tmp/here.sock:/run/there.sock"],
    ["0:localhost:80", "127.0.0.1:0:localhost:80"],
  ] as const) {
    test(text, () => {
      assert.equal(renderForward(parseForward(text)), written);
      assert.deepEqual(parseForward(written), parseForward(text));
    });
  }

  for (const text of [
    "",
    "80",
    "1:2",
    "a:b:c",
    "80:host:0",
    "80:host:99999",
    "70000:h:80",
    "1:2:3:4:5",
    "/a",
  ]) {
    test(`"${text}" is none`, () => assert.throws(() => parseForward(text), isUsage));
  }
});

test("a tunnel is called by user, host and port", () => {
  const name = (user: string, alias: string, port: number) => serverName({ user, alias, port });
  assert.equal(name("ann", "web", 22), "ann@web:22");
  assert.equal(name("ann", "web", 2222), "ann@web:2222");
  assert.equal(name("ann", "::1", 22), "ann@[::1]:22");
  assert.equal(name("ann", "::1", 2222), "ann@[::1]:2222");
});

test("names are any letters and signs on one line", () => {
  for (const name of ["a b", "ü/'\"$x", "a:b@c", "😀"]) {
    assert.equal(parseTunnelRequest("s", { name }).name, name);
  }
  for (const name of ["", "  ", "-x", "a\nb", "a\u001b[2J", "x".repeat(201)]) {
    assert.throws(() => parseTunnelRequest("s", { name }), isUsage, name);
  }
  assert.throws(() => parseTunnelRequest("-oProxyCommand=x", {}), isUsage);
  assert.throws(() => parseTunnelRequest("s", { bind: "example.com" }), isUsage);
});

test("what other machines could reach is known", () => {
  const addresses = (bind: string | undefined, forward: readonly string[]) =>
    openAddresses(parseTunnelRequest("s", { bind, forward }));
  assert.deepEqual(addresses(undefined, ["80:h:80", "/s:/t", "[::1]:80:h:80"]), []);
  assert.deepEqual(addresses("*", []), ["0.0.0.0"]);
  assert.deepEqual(addresses("10.0.0.1", ["10.0.0.1:80:h:80", "*:81:h:80"]), ["10.0.0.1", "0.0.0.0"]);
});

test("localhost is always listened at", () => {
  const to = { kind: "tcp", host: "localhost", port: 5000 } as const;
  const hosts = (bind: string | null) =>
    planForwards({ bind }, 5000, to).map(({ from }) => (from.kind === "tcp" ? from.host : from.path));
  assert.deepEqual(hosts(null), ["127.0.0.1"]);
  assert.deepEqual(hosts("127.0.0.1"), ["127.0.0.1"]);
  assert.deepEqual(hosts("0.0.0.0"), ["0.0.0.0"]);
  assert.deepEqual(hosts("10.0.0.1"), ["127.0.0.1", "10.0.0.1"]);
  assert.throws(() => planForwards({ bind: "10.0.0.1" }, 0, to), isUsage);
});

test("a command line that starts the same tunnel", () => {
  const flags = { "local-port": 0, bind: "*", forward: ["80:h:81"], ca: "ca.pem", insecure: false };
  const request = parseTunnelRequest("ann@web:2222", flags);
  const place = { name: "n", to: { kind: "unix", path: "/r.sock" } } as const;
  const reach = { ssh: "node", acceptHostKey: ["SHA256:a"], timeout: 9 };
  const words = tunnelArguments(request, place, reach, "/here");
  assert.equal(
    words.join(" "),
    "tunnel ann@web:2222 --name n --to unix:/r.sock --local-port 0 --bind 0.0.0.0 --forward 127.0.0.1:80:h:81 --no-insecure --ca /here/ca.pem --ssh node --accept-host-key SHA256:a --timeout 9",
  );
  const usual = tunnelArguments(
    parseTunnelRequest("web", {}),
    { name: "n", to: { kind: "tcp", host: "localhost", port: 5000 } },
    { ssh: "auto", acceptHostKey: [], timeout: undefined },
    "/",
  );
  assert.equal(usual.join(" "), "tunnel web --name n --to localhost:5000");
});

/** What is seen, and the command lines that follow. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expectRegistry, tellStep } from "../../src/init/command-line.ts";
import { planInit, type Reach, type Surroundings, type Target } from "../../src/init/plan.ts";

type Registry = Extract<Target, { kind: "registry" }>;

const nothing: Reach = { insecure: undefined, ca: undefined };
const alone: Surroundings = { engine: null, current: null };
const withEngine: Surroundings = { engine: { name: "the engine 28", near: true }, current: null };

const r = "r.test:5000";
const registry = (seen: Partial<Registry>): Registry => {
  const well = { contact: "well", verified: true, wantsLogin: false, engine: null } as const;
  return { kind: "registry", registry: r, ...well, ...seen };
};
const server = {
  kind: "server",
  server: "ann@srv",
  to: undefined,
  port: undefined,
  service: false,
  running: null,
} as const;
const serve = { kind: "serve", port: 5000, service: false, running: null } as const;

function linesOf(target: Target, reach: Reach, around: Surroundings): readonly string[] {
  const { steps } = planInit(target, reach, around);
  const expected = expectRegistry(steps);
  return steps.map((step) => tellStep(step, reach, expected).command.replace("regctl ", ""));
}

describe("a registry with an address", () => {
  const plain = { contact: "plain", verified: false } as const;
  const untrusted = { contact: "untrusted", verified: false, wantsLogin: null } as const;
  const table: readonly (readonly [string, Partial<Registry>, Partial<Reach>, readonly string[]])[] = [
    ["verified, no engine", {}, {}, [`use ${r}`]],
    ["verified, trusted by the engine", { engine: "trusted" }, {}, [`use ${r}`]],
    ["it asks for a login", { wantsLogin: true }, {}, [`use ${r}`, `login ${r}`]],
    ["an authority of its own", {}, { ca: "ca.pem" }, [`use ${r} --ca ca.pem`]],
    [
      "the engine does not know that authority",
      { engine: "trust" },
      { ca: "ca.pem" },
      [`use ${r} --ca ca.pem`, `setup trust ${r} --ca ca.pem`],
    ],
    [
      "Podman neither, as far as it says",
      { engine: "unsupported" },
      { ca: "ca.pem" },
      [`use ${r} --ca ca.pem`, `setup trust ${r} --ca ca.pem`],
    ],
    ["Podman, verified without a word", { engine: "unsupported" }, {}, [`use ${r}`]],
    [
      "a certificate that nobody knows: the engine comes first",
      { ...untrusted, engine: "trust" },
      {},
      [`setup trust ${r}`, `use ${r}`, `login ${r}`],
    ],
    [
      "the same, and the person says that it does not matter",
      { verified: false, engine: "trust" },
      { insecure: true },
      [`use ${r} --insecure`, `setup insecure ${r}`],
    ],
    ["plain HTTP, no engine", plain, {}, [`use ${r} --insecure`]],
    [
      "plain HTTP, with a login, and an engine",
      { ...plain, wantsLogin: true, engine: "protocol" },
      {},
      [`use ${r} --insecure`, `login ${r}`, `setup insecure ${r}`],
    ],
    [
      "plain HTTP and Podman",
      { ...plain, engine: "unsupported" },
      {},
      [`use ${r} --insecure`, `setup insecure ${r}`],
    ],
    ["plain HTTP that the engine was told of", { ...plain, engine: "trusted" }, {}, [`use ${r} --insecure`]],
    ["the engine does not get there", { ...plain, engine: "unreachable" }, {}, [`use ${r} --insecure`]],
    [
      "loopback, which every engine takes as it is",
      { registry: "localhost:5000", verified: false, engine: "protocol" },
      {},
      ["use localhost:5000"],
    ],
  ];
  for (const [what, seen, reach, lines] of table) {
    test(what, () => {
      const around = seen.engine === undefined ? alone : withEngine;
      assert.deepEqual(linesOf(registry(seen), { ...nothing, ...reach }, around), lines);
    });
  }
});

describe("a server, or none", () => {
  const table: readonly (readonly [string, Target, Partial<Reach>, readonly string[]])[] = [
    ["a server", server, {}, ["tunnel ann@srv --detach", "use localhost:PORT", "login localhost:PORT"]],
    [
      "kept by systemd, elsewhere, at a port of its own",
      { ...server, to: "localhost:5001", port: 5005, service: true },
      {},
      [
        "tunnel ann@srv --to localhost:5001 --local-port 5005 --service",
        "use localhost:5005",
        "login localhost:5005",
      ],
    ],
    [
      "TLS at its end",
      server,
      { ca: "my ca.pem" },
      [
        "tunnel ann@srv --ca 'my ca.pem' --detach",
        "use localhost:PORT --ca 'my ca.pem'",
        "login localhost:PORT",
      ],
    ],
    [
      "a tunnel that runs",
      { ...server, running: "localhost:5003" },
      {},
      ["use localhost:5003", "login localhost:5003"],
    ],
    ["none", serve, {}, ["serve --detach", "use 127.0.0.1:5000"]],
    [
      "the usual port is taken",
      { ...serve, port: 5001 },
      {},
      ["serve --listen 127.0.0.1:5001 --detach", "use 127.0.0.1:5001"],
    ],
    ["any port", { ...serve, port: 0 }, {}, ["serve --listen 127.0.0.1:0 --detach", "use 127.0.0.1:PORT"]],
    ["kept by systemd", { ...serve, service: true }, {}, ["serve --service", "use 127.0.0.1:5000"]],
    ["served already", { ...serve, running: "127.0.0.1:5002" }, {}, ["use 127.0.0.1:5002"]],
  ];
  for (const [what, target, reach, lines] of table) {
    test(what, () => assert.deepEqual(linesOf(target, { ...nothing, ...reach }, alone), lines));
  }
});

describe("what a person must know besides", () => {
  const notesOf = (target: Target, around: Surroundings) =>
    planInit(target, nothing, around).notes.join("\n");
  const far = { engine: { name: "the engine 28 (Docker Desktop)", near: false }, current: null };

  test("no engine", () => assert.match(notesOf(serve, alone), /no engine answers here/));
  test("an engine of this machine is nothing to tell", () => assert.equal(notesOf(serve, withEngine), ""));
  test("an engine elsewhere has another localhost", () => {
    assert.match(notesOf(serve, far), /Docker Desktop\) is not on this machine/);
    assert.equal(notesOf(registry({ engine: "trusted" }), far), "");
  });
  test("an engine that does not get there", () => {
    assert.match(notesOf(registry({ engine: "unreachable" }), withEngine), /did not reach r\.test:5000/);
  });
  test("another default registry is replaced, or goes before", () => {
    const old = (from: "environment" | "other") => ({ ...withEngine, current: { registry: "old:1", from } });
    assert.match(
      notesOf(registry({ engine: "trusted" }), old("other")),
      /the default registry so far, old:1, gives way/,
    );
    assert.match(notesOf(serve, old("environment")), /REGCTL_REGISTRY names old:1/);
    const same = { ...withEngine, current: { registry: r, from: "other" as const } };
    assert.equal(notesOf(registry({ engine: "trusted" }), same), "");
  });
});

/** Judgements over facts that no test can plant cheaply. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answerer, whoAnswers } from "../../src/doctor/checks/who-answers.ts";
import { checks } from "../../src/doctor/checks.ts";
import { decideInsecure } from "../../src/doctor/decide-insecure.ts";
import type { EngineLook, Facts, Target } from "../../src/doctor/facts.ts";
import { judge } from "../../src/doctor/judge.ts";
import { findLimit } from "../../src/doctor/look/look-limit.ts";
import type { ServerAnswer } from "../../src/doctor/probes.ts";

const engine: EngineLook = {
  expected: true,
  elsewhere: null,
  installed: true,
  namedBy: null,
  problem: null,
  version: "20.10.24",
  configuration: null,
  path: "/etc/docker/daemon.json",
  configured: [],
  effective: ["127.0.0.0/8"],
  mirrors: [],
  proxies: null,
  idleKey: null,
  disk: null,
  now: 0,
};

const facts: Facts = {
  host: "localhost",
  registry: null,
  engine,
  name: null,
  insecure: { allowed: false, by: null, engine: true },
  server: null,
  authorities: null,
  login: null,
  asked: null,
  engineSays: null,
  builder: null,
  tunnels: [],
  servers: [],
  hiddenProxy: null,
};

/** `status code`, or the status alone. */
function verdictOf(id: string, changed: Partial<Facts>): string {
  const found = judge(checks, { ...facts, ...changed }).find((each) => each.id === id)?.finding;
  if (found === undefined) return "none";
  return "code" in found ? `${found.status} ${found.code}` : found.status;
}

const gibibyte = 1024 ** 3;
const disk = (freeBytes: number) => ({
  engine: { ...engine, disk: { path: "/var/lib/docker", freeBytes, totalBytes: 100 * gibibyte } },
});

const verdicts: readonly (readonly [id: string, changed: Partial<Facts>, verdict: string])[] = [
  ["engine-disk", disk(50 * gibibyte), "ok"],
  ["engine-disk", disk(2 * gibibyte), "warning DISK_FULL"],
  ["engine-disk", disk(0), "failed DISK_FULL"],
  ["engine-disk", {}, "none"],
  ["engine", { engine: { ...engine, expected: false, problem: "none" } }, "skipped"],
  ["configuration", { engine: { ...engine, expected: false } }, "skipped"],
  [
    "configuration",
    { engine: { ...engine, idleKey: "/etc/docker/daemon.json" } },
    "warning CONFIG_NOT_IN_FORCE",
  ],
  ["configuration", { engine: { ...engine, configured: ["a.test:1"] } }, "warning CONFIG_NOT_IN_FORCE"],
  ["configuration", { engine: { ...engine, configured: ["a.test:1"], effective: ["a.test:1"] } }, "ok"],
  ["proxy", { hiddenProxy: "http://proxy.test:3128" }, "skipped"],
];

for (const [id, changed, verdict] of verdicts) {
  test(`${id}: ${verdict}`, () => assert.equal(verdictOf(id, changed), verdict));
}

const tunnel = { name: "ann@web1", server: "ann@web1", to: "localhost:5000", local: "localhost:5000" };
const target: Target = { registry: "localhost:5000", host: "localhost", port: 5000, reference: null };

test("a tunnel counts while it runs, and for its registry", () => {
  const healthy = { tunnels: [{ ...tunnel, state: "up", healthy: true }] };
  const broken = { tunnels: [{ ...tunnel, state: "reconnecting", healthy: false }] };
  const stopped = { tunnels: [{ ...tunnel, state: null, healthy: false }] };
  assert.equal(verdictOf("tunnel", { ...healthy, registry: target }), "ok");
  assert.equal(verdictOf("tunnel", { ...broken, registry: target }), "failed NOT_RUNNING");
  assert.equal(verdictOf("tunnel", { ...broken, registry: { ...target, registry: "other.test:1" } }), "none");
  assert.equal(verdictOf("tunnel", { ...stopped, registry: target }), "none");
  assert.equal(verdictOf("tunnel", broken), "failed NOT_RUNNING");
});

const answer = (status: number, headers: Record<string, string> = {}, body = ""): ServerAnswer => ({
  status,
  headers,
  body,
});

const answerers: readonly (readonly [ServerAnswer, Answerer["kind"]])[] = [
  [answer(200, { "docker-distribution-api-version": "registry/2.0" }), "registry"],
  [answer(200, { "content-type": "application/json" }, "{}"), "registry"],
  [answer(401, { "www-authenticate": 'Basic realm="x"' }), "registry"],
  [answer(401, { "www-authenticate": 'Bearer realm="https://a.test/token"' }), "registry"],
  [answer(401, {}, "<html>"), "other"],
  [answer(200, { "content-type": "text/html; charset=utf-8" }, "<html>"), "portal"],
  [answer(200, {}, "\n<!DOCTYPE html>"), "portal"],
  [answer(302, { location: "https://login.test/" }), "portal"],
  [answer(301, { location: "https://reg.test:5000/v2/" }), "registry"],
  [answer(302, {}), "other"],
  [answer(502), "gateway"],
  [answer(503), "gateway"],
  [answer(429), "limit"],
  [answer(404), "other"],
  [answer(500), "other"],
];

for (const [given, kind] of answerers) {
  test(`status ${given.status} ${JSON.stringify(given.headers)}: ${kind}`, () => {
    assert.equal(whoAnswers(given, "http://reg.test:5000/v2/").kind, kind);
  });
}

const decisions: readonly (readonly [
  what: string,
  changed: Partial<Parameters<typeof decideInsecure>[0]>,
  by: string | null,
])[] = [
  ["the engine lists it by name", { engine: { ...engine, effective: ["reg.test:5000"] } }, "list"],
  ["the engine lists its network", { engine: { ...engine, effective: ["10.0.0.0/8"] } }, "list"],
  [
    "the engine that is down has it in its file",
    { engine: { ...engine, effective: null, configured: ["reg.test:5000"] } },
    "list",
  ],
  ["the engine was not told", {}, null],
  ["the engine was not told, and regctl was", { recorded: { insecure: true } }, null],
  [
    "there is no engine, and regctl was told",
    { recorded: { insecure: true }, engine: { ...engine, expected: false, effective: null } },
    "settings",
  ],
  ["it leads to this machine", { addresses: ["127.0.0.1"] }, "loopback"],
  ["--insecure", { flag: true }, "flag"],
  [
    "--no-insecure, though it is listed",
    { flag: false, engine: { ...engine, effective: ["reg.test:5000"] } },
    null,
  ],
  ["an authority is named, so that it counts", { ca: true, addresses: ["127.0.0.1"] }, null],
];

for (const [what, changed, by] of decisions) {
  test(`${what}: ${by}`, () => {
    const usual = {
      target: { ...target, registry: "reg.test:5000", host: "reg.test" },
      flag: undefined,
      ca: false,
    };
    const found = decideInsecure({
      ...usual,
      recorded: undefined,
      engine,
      addresses: ["10.0.0.7"],
      ...changed,
    });
    assert.deepEqual([found.by, found.allowed], [by, by !== null]);
  });
}

test("a limit is found between two lengths, and none where nothing is refused", async () => {
  const mebibyte = 1024 * 1024;
  const upTo = (most: number) => async (bytes: number) => answer(bytes > most ? 413 : 401);
  assert.equal(await findLimit(upTo(Number.POSITIVE_INFINITY)), null);
  assert.deepEqual(await findLimit(upTo(100 * mebibyte)), {
    takes: 100 * mebibyte,
    refuses: 1024 * mebibyte,
  });
  assert.deepEqual(await findLimit(upTo(mebibyte)), { takes: mebibyte, refuses: 10 * mebibyte });
  assert.deepEqual(await findLimit(upTo(0)), { takes: 0, refuses: mebibyte });
  assert.equal(await findLimit(async () => null), null);
});

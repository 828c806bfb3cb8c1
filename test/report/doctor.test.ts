import assert from "node:assert/strict";
import { test } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { renderDoctor, renderExplained } from "../../src/report/doctor.ts";

const plain = { columns: 60, color: false, unicode: true };

const outcome: DoctorOutcome = {
  ok: false,
  registry: "reg.test:5000",
  cause: {
    code: "REGISTRY_PROTOCOL",
    message: "reg.test:5000 speaks plain HTTP, and the engine has not been told that this will do.",
    remedies: ["regctl setup insecure reg.test:5000 --on a-host-with-a-very-long-name.example"],
  },
  checks: [
    { id: "tcp", host: "localhost", status: "ok", message: "reg.test:5000 takes connections." },
    {
      id: "clock",
      host: "localhost",
      status: "warning",
      message: "The clock is wrong.",
      code: "CLOCK_WRONG",
      remedies: ["date -u"],
    },
    {
      id: "protocol",
      host: "localhost",
      status: "failed",
      message: "It speaks \u001b[31mplain HTTP.",
      code: "REGISTRY_PROTOCOL",
      remedies: ["regctl"],
    },
    { id: "api", host: "localhost", status: "skipped", message: "Not reached.", hangsOn: "protocol" },
    { id: "login", host: "localhost", status: "skipped", message: "Not reached.", hangsOn: "protocol" },
  ],
};

test("checks, what was not reached in one line, and the cause with its command whole", () => {
  assert.deepEqual(renderDoctor(outcome, plain), [
    "✔ tcp: reg.test:5000 takes connections.",
    "▲ clock: The clock is wrong.",
    "  → date -u",
    "✖ protocol: It speaks \\u001b[31mplain HTTP.",
    "– not reached: api, login",
    "",
    "✖ Most probably: reg.test:5000 speaks plain HTTP, and the",
    "  engine has not been told that this will do.",
    "  → regctl setup insecure reg.test:5000 --on a-host-with-a-very-long-name.example",
  ]);
});

test("several hosts are named, and what was done is said", () => {
  const checks = outcome.checks.slice(0, 1).flatMap((check) => [
    { ...check, host: "web1" },
    { ...check, host: "web2" },
  ]);
  const fixed = ["regctl login reg.test:5000"];
  assert.deepEqual(renderDoctor({ ...outcome, ok: true, cause: null, checks, fixed }, plain), [
    "web1",
    "✔ tcp: reg.test:5000 takes connections.",
    "web2",
    "✔ tcp: reg.test:5000 takes connections.",
    "",
    "✔ Done: regctl login reg.test:5000",
    "✔ Nothing is wrong.",
  ]);
  const warned = outcome.checks.slice(0, 2);
  assert.equal(
    renderDoctor({ ...outcome, ok: true, cause: null, checks: warned }, plain).at(-1),
    "✔ Nothing failed; warnings: 1.",
  );
});

test("an unknown text is said to be unknown, a known one with all that it may mean", () => {
  const nothing = { ok: false, registry: null, cause: null, checks: [], explained: [] };
  assert.match(renderExplained(nothing, plain).join("\n"), /not known/);
  const one = {
    code: "NOT_FOUND",
    who: "docker",
    quoted: "manifest unknown",
    message: "It is not there.",
    remedies: ["regctl tags x"],
  };
  assert.deepEqual(
    renderExplained({ ...nothing, ok: true, explained: [one, { ...one, who: "podman" }] }, plain),
    [
      "  docker: manifest unknown",
      "• It is not there.",
      "  → regctl tags x",
      "",
      "Or:",
      "  podman: manifest unknown",
      "• It is not there.",
      "  → regctl tags x",
    ],
  );
});

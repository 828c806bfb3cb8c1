import assert from "node:assert/strict";
import { test } from "node:test";
import { RegctlError } from "../../src/errors.ts";
import type { Phase } from "../../src/platform/plan.ts";
import { systemd } from "../../src/platform/platforms/systemd.ts";
import { awaitExpectation, provableEntries } from "../../src/platform/prove.ts";
import { createClock } from "../../src/system/clock.ts";
import { ModelledHost } from "./modelled-host.ts";

test("only what an image name can begin with is asked of the engine", () => {
  const listed = {
    registry: true,
    "fd00::5": true,
    "10.0.0.0/8": true,
    "reg.test:5000": true,
    "gone:5000": false,
  };
  const phase: Phase = { why: "", edits: [], activation: { kind: "none" }, expect: { listed } };
  assert.deepEqual(provableEntries([phase]), ["reg.test:5000"]);
});

test("a run that is interrupted already asks the engine nothing", async () => {
  const model = new ModelledHost({ platform: systemd, version: "28.5.2", files: {} });
  const asked = { ...model.connect().engine, info: () => assert.fail("it was asked") };
  const interrupted = new RegctlError("INTERRUPTED", { signal: "SIGINT" });
  const signal = AbortSignal.abort(interrupted);
  await assert.rejects(
    awaitExpectation(asked, { listed: {} }, createClock(), 1000, signal),
    (error) => error === interrupted,
  );
});

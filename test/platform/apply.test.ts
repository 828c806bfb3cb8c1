/** What applying a plan does when it is interrupted or fails half-way, on a modelled host. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import type { Engine } from "../../src/engine/client.ts";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { applyPlan } from "../../src/platform/apply.ts";
import { parseJournal } from "../../src/platform/journal.ts";
import type { ChangePlan, FileEdit } from "../../src/platform/plan.ts";
import { planInsecure } from "../../src/platform/plan-insecure.ts";
import { systemd } from "../../src/platform/platforms/systemd.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import type { Clock, Host, ProgressEvent } from "../../src/ports.ts";
import { createClock } from "../../src/system/clock.ts";
import { hostFacts } from "./hosts.ts";
import { ModelledHost } from "./modelled-host.ts";

const entry = "reg.test:5000";
const path = "/etc/docker/daemon.json";
const unit = hostFacts().unit;
const facts = unit ? { unit: { ...unit, environmentFiles: [], execStart: "/usr/bin/dockerd -H fd://" } } : {};
const interrupted = new RegctlError("INTERRUPTED", { signal: "SIGINT" });

function modelOf(files: Readonly<Record<string, string>> = { [path]: "{}\n" }): ModelledHost {
  return new ModelledHost({
    platform: systemd,
    version: "28.5.2",
    files,
    facts,
    running: ["aaaaaaaaaaaaaaa1"],
  });
}

function planFor(model: ModelledHost): ChangePlan {
  const registry = judgeRegistry(entry);
  const about = {
    registry,
    facts: model.facts(),
    platform: systemd,
    evidence: [],
    verifies: false,
    earlier: {},
  };
  const plan = planInsecure(about);
  assert.ok(plan.kind === "change");
  return plan;
}

interface Given {
  readonly root?: (root: Host) => Host;
  readonly engine?: (engine: Engine) => Engine;
  readonly signal?: AbortSignal;
  readonly emit?: (event: ProgressEvent) => void;
  readonly clock?: Clock;
}

function apply(model: ModelledHost, plan: ChangePlan, given: Given = {}) {
  const { host, engine } = model.connect();
  return applyPlan({
    plan,
    facts: model.facts(),
    service: systemd.service(model.facts()),
    root: given.root?.(host) ?? host,
    engine: given.engine?.(engine) ?? engine,
    action: "insecure",
    registry: entry,
    undoes: [],
    whoami: "me@here",
    clock: given.clock ?? createClock(),
    emit: given.emit ?? (() => {}),
    proveWithinMs: 10_000,
    signal: given.signal ?? new AbortController().signal,
  });
}

function statesOf(model: ModelledHost): readonly string[] {
  return parseJournal(Object.fromEntries(model.journal)).map(({ state }) => state);
}

function isRestored(model: ModelledHost, files: Readonly<Record<string, string>>): void {
  assert.deepEqual(model.snapshot(), files);
  assert.deepEqual(model.listed, []);
  assert.equal(model.locked, false);
}

describe("a phase with two edits", () => {
  const files = { [path]: "{}\n", "/etc/second": "theirs now\n" };
  const second: FileEdit = {
    path: "/etc/second",
    target: "/etc/second",
    before: "as planned\n",
    after: "ours\n",
    mode: "644",
    uid: 0,
    gid: 0,
  };
  const withSecond = (plan: ChangePlan): ChangePlan => ({
    ...plan,
    phases: plan.phases.map((phase) => ({ ...phase, edits: [...phase.edits, second] })),
  });

  test("takes back only what was written when the other file has changed", async () => {
    const model = modelOf(files);
    await assert.rejects(
      apply(model, withSecond(planFor(model))),
      (error) => isRegctlError(error, "CHANGED_SINCE_PLANNED") && error.facts.path === "/etc/second",
    );
    isRestored(model, files);
    assert.deepEqual(statesOf(model), ["rolled-back"]);
  });
});

describe("a write that does not answer in time", () => {
  for (const carriedOut of [true, false]) {
    test(`is taken back, ${carriedOut ? "for it was made" : "though it was not made"}`, async () => {
      const model = modelOf();
      const late = new RegctlError("SSH_COMMAND_TIMEOUT", { host: "host", command: "sh", seconds: 60 });
      let writes = 0;
      const root = (host: Host): Host => ({
        ...host,
        run: async (argv, options) => {
          if (argv[3] !== "regctl-replace" || ++writes > 1) return host.run(argv, options);
          if (carriedOut) await host.run(argv, options);
          throw late;
        },
      });
      await assert.rejects(apply(model, planFor(model), { root }), (error) => error === late);
      isRestored(model, { [path]: "{}\n" });
      assert.deepEqual(statesOf(model), ["rolled-back"]);
    });
  }

  test("is not taken back over what somebody else wrote since", async () => {
    const model = modelOf();
    const root = (host: Host): Host => ({
      ...host,
      run: async (argv, options) => {
        if (argv[3] !== "regctl-replace") return host.run(argv, options);
        model.files.set(path, '{"debug": true}\n');
        throw new RegctlError("HOST_COMMAND_FAILED", { host: "host", command: "sh", code: null, output: "" });
      },
    });
    await assert.rejects(apply(model, planFor(model), { root }), (error) =>
      isRegctlError(error, "ROLLBACK_FAILED"),
    );
    assert.deepEqual(model.snapshot(), { [path]: '{"debug": true}\n' });
  });
});

describe("an engine that fails before anything is written", () => {
  test("leaves nothing that is still being written when the lock is released", async () => {
    const model = modelOf();
    let writing = 0;
    const slow = (host: Host): Host => ({
      ...host,
      run: async (argv, options) => {
        writing += 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return await host.run(argv, options).finally(() => {
          writing -= 1;
        });
      },
    });
    const broken = new RegctlError("ENGINE_ERROR", { host: "host", request: "", status: 500, message: "no" });
    const engine = (real: Engine): Engine => ({ ...real, containers: () => Promise.reject(broken) });
    await assert.rejects(apply(model, planFor(model), { root: slow, engine }), (error) => error === broken);
    assert.deepEqual([model.locked, writing], [false, 0]);
  });
});

describe("Ctrl-C", { timeout: 60_000 }, () => {
  test("ends the waiting for another run at once, and nothing is written", async () => {
    const model = modelOf();
    const controller = new AbortController();
    const held = new PassThrough();
    held.write("waiting ann@laptop for a:1\n");
    const root = (real: Host): Host => ({ ...real, open: async () => held });
    const emit = (event: ProgressEvent) => {
      if (event.event === "note") controller.abort(interrupted);
    };
    const plan = planFor(model);
    await assert.rejects(
      apply(model, plan, { root, emit, signal: controller.signal }),
      (error) => error === interrupted,
    );
    assert.equal(held.destroyed, true);
    isRestored(model, { [path]: "{}\n" });
    assert.deepEqual(statesOf(model), []);
  });

  test("ends the waiting for the engine at once; the way back is waited for", async () => {
    const model = modelOf();
    const controller = new AbortController();
    let sleeps = 0;
    const clock: Clock = {
      ...createClock(),
      // The engine never lists it; forward, nobody would wake up within the test's time.
      sleep: async (ms, signal) => {
        sleeps += 1;
        if (signal === undefined) return;
        setTimeout(() => controller.abort(interrupted), 10);
        await createClock().sleep(ms + 1_000_000, signal);
      },
    };
    let infos = 0;
    const engine = (real: Engine): Engine => ({
      ...real,
      info: async () => {
        infos += 1;
        const info = await real.info();
        if (!controller.signal.aborted) return { ...info, insecureCidrs: [], indexes: [] };
        // On the way back it takes a while to forget.
        return infos > 3 ? info : { ...info, indexes: [{ registry: entry, secure: false, mirrors: [] }] };
      },
    });
    await assert.rejects(
      apply(model, planFor(model), { engine, clock, signal: controller.signal }),
      (error) => error === interrupted,
    );
    assert.ok(sleeps > 1, "the way back waited");
    isRestored(model, { [path]: "{}\n" });
    assert.deepEqual(statesOf(model), ["rolled-back"]);
  });

  test("ends a look at a silent engine and a silent registry", async () => {
    const silent = (real: Engine, name: "info" | "probeRegistry"): Engine => ({
      ...real,
      [name]: (...args: never[]) => {
        if (controller.signal.aborted) return Reflect.apply(real[name], real, args);
        setTimeout(() => controller.abort(interrupted), 10);
        return new Promise(() => {});
      },
    });
    let controller = new AbortController();
    for (const name of ["info", "probeRegistry"] as const) {
      controller = new AbortController();
      const model = modelOf();
      const engine = (real: Engine) => silent(real, name);
      await assert.rejects(
        apply(model, planFor(model), { engine, signal: controller.signal }),
        (error) => error === interrupted,
        name,
      );
      isRestored(model, { [path]: "{}\n" });
    }
  });
});

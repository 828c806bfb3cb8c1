/** Plans of `setup insecure`, made twice from frozen input, and what is asked of them. */
import assert from "node:assert/strict";
import { type ErrorCode, isRegctlError } from "../../src/errors.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import type { ChangePlan, Plan } from "../../src/platform/plan.ts";
import { type InsecureInput, planInsecure } from "../../src/platform/plan-insecure.ts";
import type { WrittenPlatform } from "../../src/platform/platform.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import { daemonProcess, freezeDeep } from "./hosts.ts";

export const registry = "reg.test:5000";
export const json = "/etc/docker/daemon.json";
export const defaults = "/etc/default/docker";

/** Plans with everything frozen, twice: the same input gives the same plan. */
export function plan(
  platform: WrittenPlatform,
  facts: HostFacts,
  given: Partial<InsecureInput> & { name?: string } = {},
): Plan {
  const { name = registry, ...more } = given;
  const judged = judgeRegistry(name);
  const input = freezeDeep({
    registry: judged,
    facts,
    platform,
    evidence: ["seen"],
    verifies: false,
    earlier: {},
    ...more,
  });
  const first = planInsecure(input);
  assert.deepEqual(planInsecure(input), first);
  return first;
}

export function change(...args: Parameters<typeof plan>): ChangePlan {
  const made = plan(...args);
  assert.ok(made.kind === "change", JSON.stringify(made));
  return made;
}

export function nothing(...args: Parameters<typeof plan>): readonly [why: string, detail: string] {
  const made = plan(...args);
  assert.ok(made.kind === "nothing", JSON.stringify(made));
  return [made.why, made.detail];
}

export function refusal<C extends ErrorCode>(code: C, act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isRegctlError(error, code)) return error.facts;
    throw error;
  }
  return assert.fail(`${code} was not thrown`);
}

export const flagsOf = (...entries: readonly string[]) =>
  daemonProcess(["dockerd", ...entries.flatMap((entry) => ["--insecure-registry", entry])]);

export function edits(made: ChangePlan): readonly (readonly [path: string, after: string | null])[] {
  return made.phases.flatMap((phase) => phase.edits.map((edit) => [edit.path, edit.after] as const));
}

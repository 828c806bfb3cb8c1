/** From what a person has to a default registry that works: asked, planned, shown, and done by the commands there are. */
import { type ErrorCode, isRegctlError, RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { explain } from "../explain/errors.ts";
import { type GivenAnswers, readAnswers } from "./ask.ts";
import { type CarryOutInput, carryOut } from "./carry-out.ts";
import { expectRegistry, tellStep } from "./command-line.ts";
import { type LookInput, lookAround, lookAtTarget } from "./look.ts";
import type { InitOutcome, InitStep } from "./outcome.ts";
import { type InitPlan, planInit, type Step, type Surroundings, type Target } from "./plan.ts";
import type { InitWorld } from "./world.ts";

export interface InitInput extends GivenAnswers, LookInput, CarryOutInput {
  readonly dryRun: boolean;
}

export interface InitResult {
  readonly outcome: InitOutcome;
  readonly exitCode: number;
}

/**
 * A step that fails after another was done stands in the outcome, with what is left.
 * @throws RegctlError MISSING_ANSWER, DECLINED, and what the look or the first step fails with
 */
export async function init(input: InitInput, world: InitWorld): Promise<InitResult> {
  assertLogin(input);
  const answers = await readAnswers(input, world);
  const around = await lookAround(world);
  const target = await lookAtTarget(answers, input, around, world);
  const plan = planInit(target, input, around);
  const base = { dryRun: input.dryRun, engine: around.engine?.name ?? null, notes: plan.notes };
  if (input.dryRun) {
    const registry = expectRegistry(plan.steps);
    const steps = plan.steps.map(
      (step): InitStep => ({ ...tellStep(step, input, registry), state: "planned" }),
    );
    return { outcome: { ...base, registry: registryOf(target), steps, next: [] }, exitCode: 0 };
  }
  assertAnswerable(plan, input, world);
  await agree(plan, input, world);
  const { registry, steps, exitCode } = await runSteps(plan.steps, input, world);
  const next = exitCode === 0 ? planNext(target, around) : [];
  const failed = exitCode === 0 ? {} : { ok: false as const };
  return { outcome: { ...failed, ...base, registry, steps, next }, exitCode };
}

function registryOf(target: Target): string | null {
  return target.kind === "registry" ? target.registry : target.running;
}

function assertLogin({ username, passwordStdin }: InitInput): void {
  if (!passwordStdin || username !== undefined) return;
  const problem = "--password-stdin needs --username";
  throw new RegctlError("USAGE", { problem, type: "regctl init --username NAME --password-stdin" });
}

/** What the last step would ask is found missing before the first one. */
function assertAnswerable({ steps }: InitPlan, input: InitInput, { prompt }: InitWorld): void {
  const login = steps.find((step) => step.kind === "login");
  if (login?.certain !== true || prompt.interactive || input.passwordStdin) return;
  const question = `User name for ${login.registry ?? "the registry"}`;
  throw new RegctlError("MISSING_ANSWER", { question, flag: "--username NAME --password-stdin" });
}

async function agree(plan: InitPlan, input: InitInput, { prompt }: InitWorld): Promise<void> {
  if (input.yes) return;
  const registry = expectRegistry(plan.steps);
  const lines = plan.steps.flatMap((step, index) => {
    const { about, command } = tellStep(step, input, registry);
    return [`${index + 1}. ${about}`, `   $ ${command}`];
  });
  const details = [...lines, ...plan.notes.map((note) => `- ${note}`)];
  const question = "Do this?";
  if (await prompt.consent({ kind: "consent", question, details, flag: "--yes" })) return;
  throw new RegctlError("DECLINED", { question });
}

interface Run {
  readonly registry: string | null;
  readonly steps: readonly InitStep[];
  readonly exitCode: number;
}

async function runSteps(steps: readonly Step[], input: InitInput, world: InitWorld): Promise<Run> {
  const told: InitStep[] = [];
  let brought = expectRegistry(steps);
  let registry: string | null = null;
  let wantsLogin = false;
  for (const [index, step] of steps.entries()) {
    const line = tellStep(step, input, brought);
    if (step.kind === "login" && !wantsLogin) {
      told.push({ ...line, state: "not-needed" });
      continue;
    }
    world.emit({ event: "note", note: `now: ${line.command}` });
    try {
      const result = await carryOut(step, brought, input, world);
      brought = result.registry ?? brought;
      wantsLogin = result.wantsLogin ?? wantsLogin;
      if (step.kind === "use") registry = brought;
      told.push({ ...line, state: "done" });
    } catch (error) {
      if (!isRegctlError(error) || !isTold(error.code, told)) throw error;
      const left = steps.slice(index + 1).map((each): InitStep => {
        return { ...tellStep(each, input, brought), state: "left" };
      });
      const failed: InitStep = { ...line, state: "failed", error: explain(error) };
      return { registry, steps: [...told, failed, ...left], exitCode: exitCodeOf[error.code] };
    }
  }
  return { registry, steps: told, exitCode: 0 };
}

/** Where nothing stands yet, the error is the command's own; an interruption and a bug always are. */
function isTold(code: ErrorCode, told: readonly InitStep[]): boolean {
  return code !== "INTERRUPTED" && code !== "INTERNAL" && told.some(({ state }) => state === "done");
}

function planNext(target: Target, { engine }: Surroundings): InitOutcome["next"] {
  const image = engine === null ? "image.tar" : "IMAGE";
  const bring = engine === null ? "bring an image of a file" : "bring an image of the engine";
  return [
    { about: bring, command: `regctl publish ${image} app:1.0` },
    { about: "see what is there", command: "regctl search" },
    { about: "something does not work", command: "regctl doctor" },
    ...endOf(target),
  ];
}

function endOf(target: Target): InitOutcome["next"] {
  if (target.kind === "registry" || target.service) return [];
  if (target.kind === "serve") return [{ about: "end the registry", command: "regctl serve stop" }];
  return [{ about: "end the tunnel", command: "regctl tunnel stop" }];
}

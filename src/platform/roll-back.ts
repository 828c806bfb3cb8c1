import { isRegctlError, RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { Clock, Emit, Host } from "../ports.ts";
import { activate } from "./activate.ts";
import type { HostFacts } from "./facts.ts";
import { applyEdit } from "./host-files.ts";
import type { Phase } from "./plan.ts";
import { planRollback } from "./plan-back.ts";
import type { Service } from "./platform.ts";
import { awaitExpectation } from "./prove.ts";
import type { ToldEngine } from "./told-engine.ts";
import { Unproved } from "./unproved.ts";

interface RollbackInput {
  readonly root: Host;
  readonly engine: ToldEngine;
  readonly service: Service;
  readonly facts: HostFacts;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly proveWithinMs: number;
}

/**
 * The old texts come back and the engine is brought back to a running state.
 * @param cause why; when it is Unproved it is given the daemon's last log lines
 * @throws RegctlError ROLLBACK_FAILED; SSH_CONNECTION_LOST when that was the real cause, however it was told first
 */
export async function rollBack(
  input: RollbackInput,
  begun: readonly Phase[],
  cause: unknown,
  folder: string,
): Promise<void> {
  const { root } = input;
  input.emit({ event: "step", host: root.name, step: "roll-back" });
  const log = await readLog(input.root, input.service);
  if (cause instanceof Unproved) cause.log = log;
  const phases = planRollback(begun, input.service, listedBy(input.facts));
  const problem = await runPhases(input, phases).catch((error: unknown) => {
    // An engine at the end of a cut connection is silent some moments before the connection is known to be lost.
    if (isRegctlError(error, "SSH_CONNECTION_LOST") && !(cause instanceof Unproved)) throw error;
    return wordsOf(error);
  });
  if (problem === null) return;
  const reason = wordsOf(cause);
  const backup = begun.some((phase) => phase.edits.length > 0) ? `${folder}/backups` : null;
  throw new RegctlError("ROLLBACK_FAILED", { host: root.name, reason, problem, backup, log });
}

function listedBy({ engine }: HostFacts): readonly string[] {
  return [...(engine?.insecure ?? []), ...(engine?.mirrors ?? [])];
}

async function runPhases(input: RollbackInput, phases: readonly Phase[]): Promise<string | null> {
  for (const phase of phases) {
    for (const edit of phase.edits) await applyEdit(input.root, edit);
    const problem = await settle(input, phase);
    if (problem !== null) return problem;
  }
  return null;
}

function wordsOf(error: unknown): string {
  if (isRegctlError(error)) return explain(error).message;
  return error instanceof Error ? error.message : String(error);
}

async function settle(input: RollbackInput, phase: Phase): Promise<string | null> {
  if (phase.activation.kind === "none") return null;
  if (phase.activation.kind === "command") return await activate(input, phase.activation);
  const expected = () => awaitExpectation(input.engine, phase.expect, input.clock, input.proveWithinMs);
  if (phase.activation.kind === "reload" || phase.activation.kind === "read")
    return (await activate(input, phase.activation)) ?? (await expected());
  // A dead daemon is started rather than restarted, and systemd's count of failures is cleared on the way.
  const restarted = await activate(input, phase.activation);
  if (restarted === null && (await expected()) === null) return null;
  await activate(input, { ...phase.activation, commands: phase.activation.start });
  return await expected();
}

/** A reload logs the whole configuration in one line. */
const longestLogLine = 240;

/** The daemon's own last words, for whoever has to understand what happened. */
async function readLog(root: RollbackInput["root"], service: Service): Promise<readonly string[]> {
  try {
    const result = await root.run(service.log, { timeoutMs: 20_000 });
    return result.stdout
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-10)
      .map((line) => (line.length > longestLogLine ? `${line.slice(0, longestLogLine)}…` : line));
  } catch {
    return [];
  }
}

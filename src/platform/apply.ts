/**
 * Carrying out a plan on one host. Each step leaves the host whole if everything stops right after it: the old
 * file or the new one, the engine up, and a journal entry that says what was begun.
 */
import { isRegctlError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import type { Clock, Emit, Host } from "../ports.ts";
import { activate } from "./activate.ts";
import { daemonOf, type HostFacts } from "./facts.ts";
import { applyEdit, holdsText } from "./host-files.ts";
import {
  expendableEntries,
  type JournalEntry,
  journalEntryOf,
  parseJournal,
  pruneEntries,
  writeEntry,
} from "./journal.ts";
import { lockHost } from "./lock.ts";
import type { ChangePlan, FileEdit, Phase } from "./plan.ts";
import type { Service } from "./platform.ts";
import {
  awaitExpectation,
  type Containers,
  lostContainers,
  provableEntries,
  proveRegistry,
  proveTrust,
  readContainers,
  readStartTicks,
  trustToProve,
} from "./prove.ts";
import { rollBack } from "./roll-back.ts";
import { stateFolderFor } from "./state-folder.ts";
import type { ToldEngine } from "./told-engine.ts";
import { Unproved } from "./unproved.ts";

/** The steps, in order; `write`, `activate` and `prove` come once for each phase. */
export const applySteps = ["lock", "backup", "write", "activate", "prove", "ask-registry", "record"] as const;
export type ApplyStep = (typeof applySteps)[number];

export interface ApplyInput {
  readonly plan: ChangePlan;
  readonly facts: HostFacts;
  readonly service: Service;
  readonly root: Host;
  readonly engine: ToldEngine;
  readonly action: JournalEntry["action"];
  readonly registry: string;
  /** Entries that this run takes back; they are marked when it is proved. */
  readonly undoes: readonly JournalEntry[];
  readonly whoami: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly proveWithinMs: number;
  readonly signal: AbortSignal;
}

export interface Applied {
  /** Path of the first backup, null when there was no file before or nothing was written. */
  readonly backup: string | null;
  readonly warnings: readonly string[];
}

const lockTimeoutMs = 120_000;

/**
 * @throws RegctlError CHANGED_SINCE_PLANNED (nothing changed), NOT_PROVED and INTERRUPTED (rolled back),
 *   ROLLBACK_FAILED, HOST_FILE_FAILED, LOCKED, SSH_CONNECTION_LOST
 */
export async function applyPlan(input: ApplyInput): Promise<Applied> {
  const { root } = input;
  const folder = stateFolderFor(input.plan, input.facts);
  tell(input, "lock");
  const who = `${input.whoami} for ${input.registry}`;
  const tellHolder = (by: string) =>
    input.emit({ event: "note", host: root.name, note: `waits for another run there (${by})` });
  const lock = await lockHost(root, folder, who, lockTimeoutMs, tellHolder, input.signal);
  try {
    return await applyLocked(input, folder);
  } finally {
    await lock.release();
  }
}

async function applyLocked(input: ApplyInput, folder: string): Promise<Applied> {
  const { root, plan } = input;
  tell(input, "backup");
  // One after the other: nothing may still be written when the other fails and the lock is released.
  const before = await readContainers(input.engine, restarts(plan.phases));
  const entry = await beginEntry(input, folder);
  const begun: Phase[] = [];
  try {
    const warnings = await runPhases(input, before, begun);
    tell(input, "record");
    await writeEntry(root, folder, { ...entry, state: "done" });
    for (const undone of input.undoes) await writeEntry(root, folder, { ...undone, state: "undone" });
    await pruneEntries(root, folder, expendableEntries(parseJournal(input.facts.journal)));
    return { backup: entry.edits.find((edit) => edit.backup)?.backup ?? null, warnings };
  } catch (error) {
    // A connection that is gone cannot take anything back; the next run finishes what this one began.
    if (isRegctlError(error, "SSH_CONNECTION_LOST")) throw error;
    if (begun.length === 0) {
      await writeEntry(root, folder, { ...entry, state: "rolled-back" });
      throw error;
    }
    await rollBack(input, begun, error, folder);
    await writeEntry(root, folder, { ...entry, state: "rolled-back" });
    throw error instanceof Unproved ? error.asRegctlError() : error;
  }
}

function tell(input: ApplyInput, step: ApplyStep): void {
  input.signal.throwIfAborted();
  input.emit({ event: "step", host: input.root.name, step });
}

function restarts(phases: readonly Phase[]): boolean {
  return phases.some((phase) => phase.activation.kind === "restart");
}

async function beginEntry(input: ApplyInput, folder: string): Promise<JournalEntry> {
  const at = input.clock.now().toISOString();
  const id = `${at.replace(/[-:.]/g, "")}-${crypto.randomUUID().slice(0, 8)}`;
  const about = { id, at, by: input.whoami, action: input.action, registry: input.registry, folder };
  const entry = journalEntryOf(input.plan, about);
  await writeEntry(input.root, folder, entry);
  return entry;
}

/** @param begun what may have to be taken back: of each phase the edits that were made, or that may have been */
async function runPhases(input: ApplyInput, before: Containers, begun: Phase[]) {
  const warnings: string[] = [];
  for (const [index, phase] of input.plan.phases.entries()) {
    tell(input, "write");
    for (const [made, edit] of phase.edits.entries()) {
      const withThisOne = { ...phase, edits: phase.edits.slice(0, made + 1) };
      try {
        await applyEdit(input.root, edit);
      } catch (error) {
        if (await mayBeMade(input.root, edit, error)) begun[index] = withThisOne;
        throw error;
      }
      begun[index] = withThisOne;
    }
    tell(input, "activate");
    begun[index] = phase;
    const problem = await activate(input, phase.activation);
    tell(input, "prove");
    const shortfall = problem ?? (await provePhase(input, phase, before, warnings));
    if (shortfall !== null) throw new Unproved(input.root.name, shortfall);
  }
  tell(input, "ask-registry");
  return [...warnings, ...(await askRegistries(input))];
}

/** An edit that gave no answer in time may have been made all the same. */
async function mayBeMade(root: Host, edit: FileEdit, error: unknown): Promise<boolean> {
  if (isRegctlError(error, "CHANGED_SINCE_PLANNED") || isRegctlError(error, "HOST_FILE_FAILED")) return false;
  return !(await holdsText(root, edit.target, edit.before).catch(() => false));
}

async function askRegistries(input: ApplyInput): Promise<readonly string[]> {
  const warnings: string[] = [];
  const { phases } = input.plan;
  const { engine, root } = input;
  for (const { registry, mustAnswer } of trustToProve(phases)) {
    const proof = await interruptible(proveTrust(engine, registry, mustAnswer), input.signal);
    if (!proof.proved)
      throw new Unproved(root.name, proof.reason ?? "the engine does not trust the registry");
    if (proof.warning) warnings.push(proof.warning);
  }
  for (const entry of provableEntries(phases)) {
    const proof = await interruptible(proveRegistry(engine, root, entry), input.signal);
    if (!proof.proved) throw new Unproved(input.root.name, proof.reason ?? "the engine refuses the registry");
    if (proof.warning) warnings.push(proof.warning);
  }
  return warnings;
}

async function provePhase(
  input: ApplyInput,
  phase: Phase,
  before: Containers,
  warnings: string[],
): Promise<string | null> {
  const { activation } = phase;
  if (activation.kind === "none" || activation.kind === "command") return null;
  const shortfall = await awaitExpectation(
    input.engine,
    phase.expect,
    input.clock,
    input.proveWithinMs,
    input.signal,
  );
  if (shortfall !== null) return shortfall;
  const [survived, after] = await Promise.all([
    activation.kind !== "reload" || stillRuns(input),
    readContainers(input.engine, restarts(input.plan.phases)),
  ]);
  if (!survived) return "dockerd did not survive the reload";
  if (activation.kind === "restart" && activation.stops > 0) return null;
  const lost = lostContainers(before, after);
  if (lost.length === 0) return null;
  if (activation.kind === "restart") return `containers did not live through the restart: ${lost.join(", ")}`;
  // The very process goes on, so a reload did not end them: they ended by themselves meanwhile.
  warnings.push(`containers that ran before have ended meanwhile: ${lost.join(", ")}`);
  return null;
}

/** A reload must leave the very process; after a restart in an earlier phase the pid is another one. */
async function stillRuns(input: ApplyInput): Promise<boolean> {
  const daemon = daemonOf(input.facts);
  if (!daemon || restarts(input.plan.phases)) return true;
  return (await readStartTicks(input.root, daemon.pid)) === daemon.startTicks;
}

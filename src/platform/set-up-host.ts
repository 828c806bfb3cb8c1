import { isRegctlError, RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import { interruptible } from "../interruptible.ts";
import { applyPlan } from "./apply.ts";
import type { ChangeRequest } from "./change-request.ts";
import { chooseEngine } from "./engines/choose.ts";
import type { EngineKind, Planned } from "./engines/engine-kind.ts";
import type { EngineFacts } from "./facts.ts";
import type { JournalEntry } from "./journal.ts";
import type { HostPlace, Place } from "./locate.ts";
import { type HostOutcome, outcomeOf, pastedOutcome } from "./outcome.ts";
import { renderPaste } from "./paste.ts";
import type { ChangePlan, Consent } from "./plan.ts";
import { acquireRoot, type SudoPassword } from "./rights.ts";
import { type HostSession, openSession } from "./session.ts";
import { settleUndone } from "./settle.ts";
import { stateFolderFor } from "./state-folder.ts";
import type { SetupWorld } from "./world.ts";

/** How far a run may go, and what was answered beforehand. */
export interface SetupMode {
  readonly platform?: string | undefined;
  /** `--engine` */
  readonly engine?: string | undefined;
  readonly dryRun: boolean;
  readonly print: boolean;
  readonly yes: boolean;
  readonly allowRestart: boolean;
  readonly timeoutSeconds?: number | undefined;
}

/** What differs between the setup commands: what is asked of an engine. Everything around it is the same. */
export interface Task {
  readonly action: JournalEntry["action"];
  /** For people and the journal, unless the planner learns of another one. */
  readonly registry: string;
  /** What is asked of the engine of this host; it may look at the host for that. */
  request(session: HostSession): Promise<ChangeRequest>;
  /** What that engine takes as it is, whatever its files say; null where it has to be told. Asked before any plan. */
  taken?(engine: string, host: string): HostOutcome | null;
  /** What holds of a host that nobody gets to. */
  unseen?(host: string): HostOutcome;
  /** Answers that count for all hosts of a run, by the question's flag. */
  readonly answers?: Map<string, Promise<boolean>>;
}

interface PlannedFor extends Planned {
  readonly engine: EngineKind;
}

const proveSeconds = 30;

/** One host from the first look to the proof. A file that changed under our hands is planned again, once. */
export async function setUpHost(
  hostPlace: HostPlace,
  task: Task,
  mode: SetupMode,
  password: SudoPassword,
  world: SetupWorld,
): Promise<HostOutcome> {
  world.emit({ event: "step", host: hostPlace.name, step: "connect" });
  let place: Place;
  try {
    place = await interruptible(hostPlace.open(), world.signal);
  } catch (error) {
    const unseen = world.signal.aborted ? undefined : task.unseen?.(hostPlace.name);
    if (unseen === undefined) throw error;
    return unseen;
  }
  try {
    return await attempt(place, task, mode, password, world).catch((error: unknown) => {
      if (mode.print && isRegctlError(error, "PLATFORM_NOT_WRITTEN") && error.facts.paste.length > 0) {
        return pastedOutcome(error.facts);
      }
      if (!isRegctlError(error, "CHANGED_SINCE_PLANNED")) throw error;
      const note = `${error.facts.path} changed since it was planned; planning again`;
      world.emit({ event: "note", host: place.host.name, note });
      return attempt(place, task, mode, password, world);
    });
  } finally {
    await place.close();
  }
}

async function attempt(
  place: Place,
  task: Task,
  mode: SetupMode,
  password: SudoPassword,
  world: SetupWorld,
): Promise<HostOutcome> {
  world.emit({ event: "step", host: place.host.name, step: "look" });
  let session = await interruptible(openSession(place.host, place.socket, world), world.signal);
  try {
    const taken = await takenBy(session, task, mode);
    if (taken !== null) return taken;
    let planned = await planOrNull(session, task, mode);
    const wantsRoot =
      planned === null ||
      (planned.plan.kind === "change" && !planned.plan.asLogin && !mode.dryRun && !mode.print);
    if (wantsRoot && session.root === null) {
      const { user } = session.facts;
      const guess = planned ?? (await planBlindly(session, task, mode));
      const paste = guess ? renderPaste(guess.plan, quoteLine) : [];
      if (mode.print && guess) return { ...outcomeOf(guess.plan, session.facts), paste };
      const root = await acquireRoot(place.host, user, password, paste);
      await session.close();
      session = await interruptible(openSession(place.host, place.socket, world, root), world.signal);
      planned = null;
    }
    planned ??= await planFor(session, task, mode);
    return await carryOut(session, planned, task, mode, world);
  } finally {
    await session.close();
  }
}

/** Null when more rights are needed to see enough for a plan. */
async function planOrNull(session: HostSession, task: Task, mode: SetupMode): Promise<PlannedFor | null> {
  try {
    return await planFor(session, task, mode);
  } catch (error) {
    const blind =
      session.root === null &&
      (isRegctlError(error, "NO_RIGHTS") || isRegctlError(error, "ENGINE_UNREACHABLE"));
    const silent = isRegctlError(error, "ENGINE_UNREACHABLE") && !session.facts.socketExists;
    if (blind && !silent) return null;
    throw error;
  }
}

/** For a person to paste: what would be done if the engine, which we may not ask, had nothing listed yet. */
async function planBlindly(session: HostSession, task: Task, mode: SetupMode): Promise<PlannedFor | null> {
  const { facts } = session;
  const engine: EngineFacts = {
    version: facts.binaryVersion ?? "",
    apiVersion: "",
    operatingSystem: "",
    name: "",
    rootDir: "",
    rootless: false,
    liveRestore: false,
    swarm: false,
    labels: [],
    insecure: [],
    mirrors: [],
    running: [],
    lastReload: null,
  };
  try {
    return await planFor({ ...session, engine: null, facts: { ...facts, engine } }, task, mode);
  } catch (error) {
    if (isRegctlError(error, "NO_RIGHTS")) return null;
    throw error;
  }
}

/** Platforms are where Docker's engine lives. */
const engineNamedBy = ({ engine, platform }: SetupMode): string | undefined =>
  engine ?? (platform === undefined ? undefined : "docker");

async function takenBy(session: HostSession, task: Task, mode: SetupMode): Promise<HostOutcome | null> {
  if (task.taken === undefined) return null;
  const { engine } = chooseEngine(session.facts, engineNamedBy(mode), await task.request(session));
  return task.taken(engine.name, session.facts.host);
}

async function planFor(session: HostSession, task: Task, mode: SetupMode): Promise<PlannedFor> {
  const request = await task.request(session);
  const { engine, notes } = chooseEngine(session.facts, engineNamedBy(mode), request);
  const { plan, ...planned } = await engine.plan(request, { ...session, platform: mode.platform });
  return { ...planned, engine, plan: { ...plan, notes: [...plan.notes, ...notes] } };
}

async function carryOut(
  session: HostSession,
  planned: PlannedFor,
  task: Task,
  mode: SetupMode,
  world: SetupWorld,
): Promise<HostOutcome> {
  const { plan } = planned;
  const { facts } = session;
  const root = plan.asLogin ? session.host : session.root;
  const site = { ...session, platform: mode.platform };
  const outcome = outcomeOf(plan, facts);
  if (mode.print) return { ...outcome, paste: renderPaste(plan, quoteLine) };
  if (mode.dryRun) return outcome;
  if (plan.kind === "nothing") {
    if (root && planned.undoes.length > 0) {
      const who = `${world.whoami} for ${task.registry}`;
      await settleUndone(root, stateFolderFor(plan, facts), planned.undoes, who, world.signal);
    }
    return outcome;
  }
  for (const note of plan.notes) world.emit({ event: "note", host: facts.host, note });
  await askConsents(plan, task, mode, world);
  const engine = planned.engine.told(site);
  if (!root || !engine)
    throw new RegctlError("INTERNAL", { what: "a plan without rights or engine was to be applied" });
  const applied = await applyPlan({
    plan,
    facts,
    service: planned.engine.service(site),
    root,
    engine,
    action: task.action,
    registry: planned.registry ?? task.registry,
    undoes: planned.undoes,
    whoami: world.whoami,
    clock: world.clock,
    emit: world.emit,
    proveWithinMs: Math.min(mode.timeoutSeconds ?? proveSeconds, proveSeconds) * 1000,
    signal: world.signal,
  });
  const warnings = [...(plan.unproved === undefined ? [] : [plan.unproved]), ...applied.warnings];
  return { ...outcome, proved: plan.unproved === undefined, backup: applied.backup, warnings };
}

async function askConsents(
  plan: ChangePlan,
  { answers }: Task,
  mode: SetupMode,
  world: SetupWorld,
): Promise<void> {
  for (const consent of plan.consents) {
    if (answered(consent, mode)) continue;
    const { question, details, flag } = consent;
    const ask = () => world.prompt.consent({ kind: "consent", host: plan.host, question, details, flag });
    // The same certificate on another host is the same question.
    const shared = consent.id === "certificate" ? answers : undefined;
    const given = shared?.get(flag) ?? ask();
    shared?.set(flag, given);
    if (!(await given)) throw new RegctlError("DECLINED", { question });
  }
}

function answered({ flag }: Consent, mode: SetupMode): boolean {
  return (flag === "--yes" && mode.yes) || (flag === "--allow-restart" && mode.allowRestart);
}

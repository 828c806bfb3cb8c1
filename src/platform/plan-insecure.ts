import { RegctlError } from "../errors.ts";
import { matchesEntry, sameEntry } from "./engine-entry.ts";
import { atLeast } from "./engine-version.ts";
import { downgradeOf } from "./engines/usual-answers.ts";
import { type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { insecureRegistries, type UndoNote } from "./formats/format.ts";
import { fileOf, findOwner, type ListOwner } from "./owner.ts";
import type { Change, ChangePlan, Consent, FileEdit, Phase, Plan } from "./plan.ts";
import {
  aboutPlan,
  editOf,
  planActivation,
  planLiveRestore,
  requireEngine,
  restartConsents,
} from "./plan-parts.ts";
import type { WrittenPlatform } from "./platform.ts";
import type { JudgedRegistry } from "./registry-name.ts";
import { staleNotes } from "./stale-notes.ts";

export interface InsecureInput {
  readonly registry: JudgedRegistry;
  readonly facts: HostFacts;
  readonly platform: WrittenPlatform;
  readonly evidence: readonly string[];
  /** The engine reached the registry over TLS that verifies, before any change. */
  readonly verifies: boolean;
  /** Notes of our other entries that still stand, by path of the file, oldest first. */
  readonly earlier: Readonly<Record<string, readonly UndoNote[]>>;
}

/**
 * Plans that the engine of a host talks to a registry without a verified certificate.
 * @throws RegctlError CONFIG_BROKEN, CONFIG_CONFLICT, ENGINE_UNREACHABLE, NO_RIGHTS, PLATFORM_NOT_WRITTEN
 */
export function planInsecure(input: InsecureInput): Plan {
  const { facts, platform } = input;
  const entry = input.registry.registry;
  const owner = findOwner(facts, platform, insecureRegistries);
  const engine = requireEngine(facts);
  refuseForOldEngine(input, engine);
  const about = aboutInsecure(input, owner);
  const covering = engine.insecure.find((listed) => !sameEntry(listed, entry) && matchesEntry(listed, entry));
  const configured = owner.listed.some((listed) => sameEntry(listed, entry));
  const effective = engine.insecure.some((listed) => sameEntry(listed, entry));
  if (configured && effective) return { ...about, kind: "nothing", why: "already", detail: entry };
  if (covering && !configured) return { ...about, kind: "nothing", why: "covered", detail: covering };
  const edit = configured ? null : planEdit(input, owner);
  const activation = planActivation(facts, platform, owner, engine);
  const liveRestore = planLiveRestore(facts, platform, owner, engine, activation);
  const main: Phase = {
    why: configured ? "the file lists it, the engine has not read it yet" : "list the registry",
    edits: edit ? [edit] : [],
    activation: liveRestore && activation.kind === "restart" ? { ...activation, stops: 0 } : activation,
    expect: { listed: { [entry]: true } },
  };
  const phases = [...(liveRestore ? [liveRestore] : []), main];
  const change: ChangePlan = {
    ...about,
    kind: "change",
    phases,
    notes: [...about.notes, ...staleNotes(facts, platform, owner, phases)],
    consents: [],
  };
  return { ...change, consents: consentsOf(change, input, engine) };
}

/** An entry that an old engine does not take costs it the whole list. */
function refuseForOldEngine({ registry, facts }: InsecureInput, engine: EngineFacts): void {
  const needs = registry.needsEngine;
  if (!needs?.refusedBefore || atLeast(engine.version, needs.version)) return;
  const problem = `${facts.host} runs engine ${engine.version}: ${needs.why}`;
  throw new RegctlError("BAD_REGISTRY", { given: registry.registry, problem });
}

function aboutInsecure(input: InsecureInput, owner: ListOwner) {
  const { facts, registry } = input;
  const version = engineVersionOf(facts);
  const needs = registry.needsEngine;
  const caveat = needs && !(version && atLeast(version, needs.version)) ? [needs.why] : [];
  const about = aboutPlan(facts, input.platform, input.evidence, owner);
  return { ...about, notes: [...caveat, ...about.notes] };
}

function planEdit(input: InsecureInput, owner: ListOwner): FileEdit {
  const { path, format } = owner.source;
  const before = fileOf(input.facts, path).text;
  const entry = input.registry.registry;
  const edited = format.add(before, insecureRegistries, entry, input.earlier[path] ?? []);
  const change: Change = { purpose: "list", format: format.name, entry, note: edited.note };
  return editOf(input.facts, path, before, edited.text, change);
}

function consentsOf(plan: ChangePlan, input: InsecureInput, engine: EngineFacts): readonly Consent[] {
  const consents: Consent[] = [];
  const registry = input.registry.registry;
  if (input.verifies && !engine.insecure.includes(registry)) {
    consents.push(downgradeOf(registry));
  }
  return [...consents, ...restartConsents(plan)];
}

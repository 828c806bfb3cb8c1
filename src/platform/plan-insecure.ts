import { RegctlError } from "../errors.ts";
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { matchesEntry, sameEntry } from "./engine-entry.ts";
import { atLeast } from "./engine-version.ts";
import { daemonOf, type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { daemonJson } from "./formats/daemon-json.ts";
import { readBoolean, setBoolean } from "./formats/daemon-json-key.ts";
import { insecureRegistries, type UndoNote } from "./formats/format.ts";
import { daemonJsonPath, fileOf, findOwner, type ListOwner, readList } from "./owner.ts";
import type { Activation, ChangePlan, Consent, FileEdit, ListChange, Phase, Plan } from "./plan.ts";
import type { Service, WrittenPlatform } from "./platform.ts";
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
  const about = aboutPlan(input, owner);
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

export function requireEngine(facts: HostFacts): EngineFacts {
  if (facts.engine) return facts.engine;
  throw new RegctlError("ENGINE_UNREACHABLE", {
    host: facts.host,
    tried: [`unix://${facts.socket}`],
    reason: facts.engineProblem ?? "no docker engine answers there",
  });
}

function aboutPlan(input: InsecureInput, owner: ListOwner) {
  const { facts, registry } = input;
  const version = engineVersionOf(facts);
  const needs = registry.needsEngine;
  const caveat = needs && !(version && atLeast(version, needs.version)) ? [needs.why] : [];
  return {
    host: facts.host,
    platform: input.platform.name,
    evidence: input.evidence,
    engineVersion: version,
    owner: owner.owner,
    path: owner.source.path,
    notes: [...caveat, ...machineNotes(facts, owner)],
  };
}

/** docker-machine writes the host's file anew from its own config.json on every `provision`. */
function machineNotes(facts: HostFacts, owner: ListOwner): readonly string[] {
  const provisioned =
    owner.source.path.endsWith("/10-machine.conf") ||
    facts.engine?.labels.some((label) => label.startsWith("provider=")) === true;
  return provisioned
    ? [
        "docker-machine made this host: `docker-machine provision` will write its flags anew, without this entry",
      ]
    : [];
}

/** Replaces a file's text, keeping what belongs to the file. */
export function editOf(
  facts: HostFacts,
  path: string,
  before: string | null,
  after: string | null,
  change?: ListChange,
): FileEdit {
  const file = fileOf(facts, path);
  return {
    path,
    target: file.target,
    before,
    after,
    mode: file.text === null ? "644" : file.mode,
    uid: file.text === null ? 0 : file.uid,
    gid: file.text === null ? 0 : file.gid,
    ...(change ? { change } : {}),
  };
}

function planEdit(input: InsecureInput, owner: ListOwner): FileEdit {
  const { path, format } = owner.source;
  const before = fileOf(input.facts, path).text;
  const entry = input.registry.registry;
  const edited = format.add(before, insecureRegistries, entry, input.earlier[path] ?? []);
  const change: ListChange = { purpose: "list", format: format.name, entry, note: edited.note };
  return editOf(input.facts, path, before, edited.text, change);
}

/** A signal where the engine reads this key again (daemon.json from 1.13), a restart where it does not. */
export function planActivation(
  facts: HostFacts,
  platform: WrittenPlatform,
  owner: Pick<ListOwner, "isDaemonJson" | "source">,
  engine: EngineFacts,
): Activation {
  const service = platform.service(facts);
  if (owner.isDaemonJson && atLeast(engine.version, "1.13.0"))
    return { kind: "reload", command: service.reload };
  return restartOf(facts, service, owner, engine);
}

function restartOf(
  facts: HostFacts,
  service: Service,
  owner: Pick<ListOwner, "source">,
  engine: EngineFacts,
): Activation {
  if (!service.restart || !service.start) {
    throw new RegctlError("PLATFORM_NOT_WRITTEN", {
      host: facts.host,
      platform: "a dockerd that no service manager runs",
      evidence: [`its settings take effect only at a restart, and nobody would start it again`],
      paste: [`# stop it, and start it again with: ${daemonOf(facts)?.argv.join(" ") ?? "dockerd"}`],
    });
  }
  return {
    kind: "restart",
    commands: [...(owner.source.reread ?? []), ...service.restart],
    start: [...(owner.source.reread ?? []), ...service.start],
    stops: engine.liveRestore ? 0 : engine.running.length,
  };
}

/** Where a restart would stop containers and the engine can let them live, that is switched on first, by reload. */
export function planLiveRestore(
  facts: HostFacts,
  platform: WrittenPlatform,
  owner: Pick<ListOwner, "isDaemonJson">,
  engine: EngineFacts,
  activation: Activation,
): Phase | null {
  if (activation.kind !== "restart" || activation.stops === 0) return null;
  if (engine.swarm || !atLeast(engine.version, "1.12.0") || owner.isDaemonJson) return null;
  // A flag decides on it: the same key in the file would keep the engine from starting.
  if (parseDaemonArguments(daemonOf(facts)?.argv ?? []).liveRestore !== undefined) return null;
  const path = daemonJsonPath(facts);
  readList(facts, path, daemonJson, insecureRegistries);
  const before = fileOf(facts, path).text;
  const { problem } = readBoolean(before, "live-restore");
  if (problem) throw new RegctlError("CONFIG_BROKEN", { host: facts.host, path, ...problem });
  const edited = setBoolean(before, "live-restore", true);
  const unchangedText = edited.note.kind === "unchanged";
  const change: ListChange = {
    purpose: "live-restore",
    format: "daemon.json",
    entry: "live-restore",
    note: edited.note,
  };
  return {
    why: "let the containers live through the restart",
    edits: unchangedText ? [] : [editOf(facts, path, before, edited.text, change)],
    activation: { kind: "reload", command: platform.service(facts).reload },
    expect: { listed: {}, liveRestore: true },
  };
}

function consentsOf(plan: ChangePlan, input: InsecureInput, engine: EngineFacts): readonly Consent[] {
  const consents: Consent[] = [];
  const registry = input.registry.registry;
  if (input.verifies && !engine.insecure.includes(registry)) {
    consents.push({
      id: "downgrade",
      question: `${registry} has a certificate that the engine verifies. Stop verifying it?`,
      details: ["nothing needs to be set up for it; an insecure entry would switch its protection off"],
      flag: "--yes",
    });
  }
  return [...consents, ...restartConsents(plan)];
}

/** Stopping containers is never done without being asked for. */
export function restartConsents(plan: Pick<ChangePlan, "phases" | "host">): readonly Consent[] {
  const stops = Math.max(
    0,
    ...plan.phases.map((phase) => (phase.activation.kind === "restart" ? phase.activation.stops : 0)),
  );
  if (stops === 0) return [];
  return [
    {
      id: "restart",
      question: `Restart the engine of ${plan.host}? That stops ${stops === 1 ? "1 container" : `${stops} containers`}.`,
      details: [],
      flag: "--allow-restart",
    },
  ];
}

/** What the planners for Docker's engine share. Pure. */
import { RegctlError } from "../errors.ts";
import { parseDaemonArguments } from "./daemon-arguments.ts";
import { atLeast } from "./engine-version.ts";
import { daemonOf, type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { daemonJson } from "./formats/daemon-json.ts";
import { readBoolean, setBoolean } from "./formats/daemon-json-key.ts";
import { insecureRegistries, type Setting } from "./formats/format.ts";
import { daemonJsonPath, fileOf, type ListOwner, readList } from "./owner.ts";
import type { Activation, Change, ChangePlan, Consent, FileEdit, Phase } from "./plan.ts";
import type { Service, WrittenPlatform } from "./platform.ts";

/** What every plan for the engine of a host says of itself. */
export function aboutPlan(
  facts: HostFacts,
  platform: WrittenPlatform,
  evidence: readonly string[],
  owner: Pick<ListOwner, "owner" | "source">,
) {
  return {
    host: facts.host,
    platform: platform.name,
    evidence,
    engine: "docker",
    engineVersion: engineVersionOf(facts),
    owner: owner.owner,
    path: owner.source.path,
    notes: machineNotes(facts, owner),
  };
}

export function requireEngine(facts: HostFacts): EngineFacts {
  if (facts.engine) return facts.engine;
  throw new RegctlError("ENGINE_UNREACHABLE", {
    host: facts.host,
    tried: [`unix://${facts.socket}`],
    reason: facts.engineProblem ?? "no docker engine answers there",
  });
}

/** docker-machine writes the host's file anew from its own config.json on every `provision`. */
function machineNotes(facts: HostFacts, owner: Pick<ListOwner, "source">): readonly string[] {
  const provisioned =
    owner.source.path.endsWith("/10-machine.conf") ||
    facts.engine?.labels.some((label) => label.startsWith("provider=")) === true;
  return provisioned
    ? [
        "docker-machine made this host: `docker-machine provision` will write its flags anew, from HostOptions.EngineOptions in ~/.docker/machine/machines/NAME/config.json where it was made. Put the same into InsecureRegistry or RegistryMirror there",
      ]
    : [];
}

/** Replaces a file's text, keeping what belongs to the file. */
export function editOf(
  facts: HostFacts,
  path: string,
  before: string | null,
  after: string | null,
  change?: Change,
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

/** A signal where the engine reads this key again (daemon.json from 1.13, mirrors from 17.04), a restart where it does not. */
export function planActivation(
  facts: HostFacts,
  platform: WrittenPlatform,
  owner: Pick<ListOwner, "isDaemonJson" | "source">,
  engine: EngineFacts,
  setting: Setting = insecureRegistries,
): Activation {
  const service = platform.service(facts);
  if (owner.isDaemonJson && service.reload !== null && atLeast(engine.version, setting.reloadedSince))
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
  const { reload } = platform.service(facts);
  if (engine.swarm || !atLeast(engine.version, "1.12.0") || owner.isDaemonJson || reload === null)
    return null;
  // A flag decides on it: the same key in the file would keep the engine from starting.
  if (parseDaemonArguments(daemonOf(facts)?.argv ?? []).liveRestore !== undefined) return null;
  const path = daemonJsonPath(facts);
  readList(facts, path, daemonJson, insecureRegistries);
  const before = fileOf(facts, path).text;
  const { problem } = readBoolean(before, "live-restore");
  if (problem) throw new RegctlError("CONFIG_BROKEN", { host: facts.host, path, ...problem });
  const edited = setBoolean(before, "live-restore", true);
  const unchangedText = edited.note.kind === "unchanged";
  const change: Change = {
    purpose: "live-restore",
    format: "daemon.json",
    entry: "live-restore",
    note: edited.note,
  };
  return {
    why: "let the containers live through the restart",
    edits: unchangedText ? [] : [editOf(facts, path, before, edited.text, change)],
    activation: { kind: "reload", command: reload },
    expect: { listed: {}, liveRestore: true },
  };
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

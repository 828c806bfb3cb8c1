import { RegctlError } from "../errors.ts";
import type { MirrorRequest } from "./change-request.ts";
import { sameMirror } from "./engine-entry.ts";
import type { HostFacts } from "./facts.ts";
import { registryMirrors, type UndoNote } from "./formats/format.ts";
import { fileOf, findOwner, type ListOwner } from "./owner.ts";
import type { Change, ChangePlan, FileEdit, Phase, Plan } from "./plan.ts";
import {
  aboutPlan,
  editOf,
  planActivation,
  planLiveRestore,
  requireEngine,
  restartConsents,
} from "./plan-parts.ts";
import type { WrittenPlatform } from "./platform.ts";
import { staleNotes } from "./stale-notes.ts";

export interface MirrorInput {
  readonly request: MirrorRequest;
  readonly facts: HostFacts;
  readonly platform: WrittenPlatform;
  readonly evidence: readonly string[];
  /** Notes of our other entries that still stand, by path of the file, oldest first. */
  readonly earlier: Readonly<Record<string, readonly UndoNote[]>>;
}

const hub = "docker.io";

/**
 * Plans that the engine asks a mirror before Docker Hub, after those that it asks already.
 * @throws RegctlError ENGINE_CANNOT, CONFIG_BROKEN, CONFIG_CONFLICT, ENGINE_UNREACHABLE, NO_RIGHTS, PLATFORM_NOT_WRITTEN
 */
export function planMirror(input: MirrorInput): Plan {
  const { facts, platform, request } = input;
  const { url } = request.mirror;
  refuseOtherUpstream(input);
  const owner = findOwner(facts, platform, registryMirrors);
  const engine = requireEngine(facts);
  const about = aboutPlan(facts, platform, input.evidence, owner);
  const configured = owner.listed.some((listed) => sameMirror(listed, url));
  const effective = engine.mirrors.some((listed) => sameMirror(listed, url));
  if (configured && effective) return { ...about, kind: "nothing", why: "already", detail: url };
  const activation = planActivation(facts, platform, owner, engine, registryMirrors);
  const liveRestore = planLiveRestore(facts, platform, owner, engine, activation);
  const main: Phase = {
    why: configured ? "the file lists it, the engine has not read it yet" : "list the mirror",
    edits: configured ? [] : [planEdit(input, owner)],
    activation: liveRestore && activation.kind === "restart" ? { ...activation, stops: 0 } : activation,
    expect: { listed: {}, mirrors: { [url]: true } },
  };
  const phases = [...(liveRestore ? [liveRestore] : []), main];
  const notes = [...about.notes, ...orderNotes(owner), ...staleNotes(facts, platform, owner, phases)];
  const change: ChangePlan = { ...about, kind: "change", phases, notes, consents: [] };
  return { ...change, consents: restartConsents(change) };
}

function orderNotes(owner: ListOwner): readonly string[] {
  return owner.listed.length === 0 ? [] : [`these are asked before it: ${owner.listed.join(", ")}`];
}

function planEdit({ facts, request, earlier }: MirrorInput, owner: ListOwner): FileEdit {
  const { path, format } = owner.source;
  const before = fileOf(facts, path).text;
  const entry = request.mirror.url;
  const edited = format.add(before, registryMirrors, entry, earlier[path] ?? []);
  const setting = registryMirrors.key;
  const change: Change = { purpose: "list", setting, format: format.name, entry, note: edited.note };
  return editOf(facts, path, before, edited.text, change);
}

function refuseOtherUpstream({ facts, request }: MirrorInput): void {
  const { upstream, mirror } = request;
  if (upstream === hub) return;
  throw new RegctlError("ENGINE_CANNOT", {
    host: facts.host,
    what: `a mirror for ${upstream}`,
    why: "Docker's engine asks its registry-mirrors for images of Docker Hub alone",
    instead: [
      `regctl setup mirror ${mirror.url} --for docker.io`,
      `docker pull ${mirror.registry}/NAME:TAG, under the mirror's own name`,
    ],
  });
}

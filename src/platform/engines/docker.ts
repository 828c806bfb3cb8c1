/** Docker's engine: told by daemon.json or flags, and by `certs.d`. */
import { judgeProbe } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { ChangeRequest, InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import { detectPlatform } from "../detect.ts";
import { isReferable, sameEntry } from "../engine-entry.ts";
import { daemonOf, type HostFacts } from "../facts.ts";
import type { UndoNote } from "../formats/format.ts";
import { leadsIntoInsecureNetwork } from "../in-insecure-network.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { planInsecure } from "../plan-insecure.ts";
import { planMirror } from "../plan-mirror.ts";
import { planTrust } from "../plan-trust.ts";
import { standingEntries } from "../plan-undo.ts";
import type { EngineHome, RecognisedPlatform, WrittenPlatform } from "../platform.ts";
import type { JudgedRegistry } from "../registry-name.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { asLoginPlan, noSystemStore, readLogin } from "./docker-login.ts";
import { planDockerUndo } from "./docker-undo.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";

export const docker: EngineKind = {
  name: "docker",
  title: "Docker",
  find(facts) {
    const daemon = daemonOf(facts);
    // Podman's socket under Docker's name is no engine of Docker's.
    if (facts.markers.has("podman-as-docker") && !daemon) return null;
    if (facts.engine) return [`an engine answers on ${facts.socket}`];
    if (daemon) return [`dockerd runs (pid ${daemon.pid})`];
    return facts.socketExists ? [`${facts.socket} is there`] : null;
  },
  async plan(request, site) {
    const { platform, evidence, facts, home } = detectPlatform(site.facts, site.platform);
    if (platform.kind === "recognised") throw notWritten(request, platform, evidence, facts);
    const on = { platform, evidence, home };
    const here = { ...site, facts };
    const ofLogin = home?.ofLogin ? await readLogin(site, home) : null;
    const planned = await planOn(request, here, on);
    return ofLogin ? { ...planned, plan: asLoginPlan(planned.plan, ofLogin) } : planned;
  },
  service(site) {
    const { platform, facts } = detectPlatform(site.facts, site.platform);
    if (platform.kind === "written") return platform.service(facts);
    throw new RegctlError("INTERNAL", { what: "the platform changed its mind" });
  },
  told: ({ engine }) => engine,
};

export interface OnPlatform {
  readonly platform: WrittenPlatform;
  readonly evidence: readonly string[];
  readonly home: EngineHome | null;
}

async function planOn(request: ChangeRequest, site: EngineSite, on: OnPlatform): Promise<Planned> {
  if (request.kind === "insecure") return { plan: await insecure(request, site, on), undoes: [] };
  if (request.kind === "trust") return { plan: await trust(request, site, on), undoes: [] };
  if (request.kind === "mirror") return { plan: mirror(request, site, on), undoes: [] };
  return await planDockerUndo(request, site, on);
}

function notWritten(
  request: ChangeRequest,
  { name, title, why, paste }: Pick<RecognisedPlatform, "name" | "title" | "why" | "paste">,
  evidence: readonly string[],
  { host }: HostFacts,
): RegctlError {
  const lines = { evidence, paste: paste(request) };
  return new RegctlError("PLATFORM_NOT_WRITTEN", { host, platform: title, name, why, ...lines });
}

const probeTimeoutMs = 3_000;

async function insecure({ registry }: InsecureRequest, site: EngineSite, on: OnPlatform) {
  const verifies = await verifiesAlready(site, registry);
  return planInsecure({ ...on, registry, facts: site.facts, verifies, earlier: earlierNotes(site) });
}

function mirror(request: MirrorRequest, site: EngineSite, on: OnPlatform) {
  return planMirror({ ...on, request, facts: site.facts, earlier: earlierNotes(site) });
}

async function trust(request: TrustRequest, site: EngineSite, on: OnPlatform) {
  const { registry } = request.registry;
  const certsFolder = certsFolderOf(request, site, on);
  if (on.home?.ofLogin && request.system) throw noSystemStore(site.facts, on.platform);
  const { facts, engine } = site;
  const paths = [...pathsToLookAt(certsFolder, registry), ...systemPathsToLookAt({ request, facts })];
  const [files, answer, leadsInto] = await Promise.all([
    readHostFiles(site.root ?? site.host, paths),
    engine && isReferable(registry)
      ? engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs)
      : null,
    whereItLeads(site, request.registry),
  ]);
  return planTrust({
    ...on,
    request,
    facts: { ...facts, files: { ...facts.files, ...files } },
    certsFolder,
    before: answer && judgeProbe(answer).verdict,
    leadsInto,
    standing: standingEntries(parseJournal(facts.journal), registry),
  });
}

function certsFolderOf(request: TrustRequest, { facts }: EngineSite, on: OnPlatform): string {
  const { platform, evidence, home } = on;
  const folder = home ? home.certsFolder : "/etc/docker/certs.d";
  if (folder !== null) return folder;
  const why = "the certificates of its registries are not in files that regctl may write";
  const { name, title, paste = () => [] } = platform;
  throw notWritten(request, { name, title, why, paste }, evidence, facts);
}

const loopback = ["127.0.0.0/8", "::1/128"];

/** Only for names: an address is held against the list itself. */
async function whereItLeads(site: EngineSite, { registry, kind, loopback: isLoopback }: JudgedRegistry) {
  const entries = site.facts.engine?.insecure ?? [];
  if (kind !== "host" || isLoopback) return null;
  const networks = entries.filter((entry) => !loopback.includes(entry));
  if (await leadsIntoInsecureNetwork(site.host, registry, networks)) return "network";
  return (await leadsIntoInsecureNetwork(site.host, registry, loopback)) ? "loopback" : null;
}

/** Whether the engine, not told anything yet, already trusts the registry: then insecure would be a step back. */
async function verifiesAlready(site: EngineSite, { registry, kind }: JudgedRegistry): Promise<boolean> {
  const { engine, facts } = site;
  const listed = facts.engine?.insecure ?? [];
  const known = listed.some((entry) => sameEntry(entry, registry));
  if (!engine || kind.startsWith("cidr") || known || !isReferable(registry)) return false;
  const answer = await engine.probeRegistry(`${registry}/regctl-probe:latest`, probeTimeoutMs);
  if (judgeProbe(answer).verdict !== "trusted") return false;
  return kind !== "host" || !(await leadsIntoInsecureNetwork(site.host, registry, listed));
}

/** Notes of our other entries that still stand, so that the last to go takes away what the first brought. */
function earlierNotes({ facts }: EngineSite): Readonly<Record<string, readonly UndoNote[]>> {
  const notes: Record<string, UndoNote[]> = {};
  for (const edit of standingEntries(parseJournal(facts.journal)).flatMap((entry) => entry.edits)) {
    if (!edit.change) continue;
    notes[edit.path] = [...(notes[edit.path] ?? []), edit.change.note];
  }
  return notes;
}

/**
 * containerd, as Kubernetes (by CRI), nerdctl and ctr use it: a `hosts.toml` for each registry below its config_path.
 * It says of itself nothing of registries, so the proof is a request of its own, made by ctr.
 */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { isReferable } from "../engine-entry.ts";
import { removeConfigPath } from "../formats/containerd-config.ts";
import { type HostsToml, readHostsToml, renderHostsToml } from "../formats/hosts-toml.ts";
import { type JournalEdit, type JournalEntry, parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { standingEntries } from "../plan-undo.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { probeByCommand, programPerCommand } from "./asked-by-command.ts";
import { configFormat, containerdService } from "./containerd-looking.ts";
import {
  aboutContainerd,
  hostsFileOf,
  hostsFormat,
  planContainerdInsecure,
  planContainerdMirror,
  planContainerdTrust,
} from "./containerd-plan.ts";
import { isInsecure, isOwn, rulesWithout } from "./containerd-rules.ts";
import { lookAtContainerd, registryOf, rulesOf } from "./containerd-site.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";
import { entriesOf, planOwnUndo, type Without } from "./own-undo.ts";

const name = "containerd";

export const containerd: EngineKind = {
  name,
  title: "containerd",
  find({ markers, daemons }) {
    if (!markers.has("containerd")) return null;
    const users = ["kubelet", "crictl", "nerdctl"].filter((program) => markers.has(program));
    // Where dockerd runs and nothing else uses it, it is a part of Docker.
    if (users.length === 0 && daemons.length > 0) return null;
    return [["containerd", ...users].join(", ") + (users.length > 0 ? " are there" : " is there")];
  },
  plan: async (request, site) =>
    request.kind === "undo" ? await undo(request, site) : await change(request, site),
  service: () => containerdService,
  told: (site) => ({
    ...programPerCommand,
    info: async () => {
      await assertRuns(site);
      const rules = rulesOf(await lookAtContainerd(site));
      return {
        insecureCidrs: [],
        indexes: [...rules]
          .filter(([registry, { hosts }]) => hosts.some((rule) => isOwn(rule, registry) && isInsecure(rule)))
          .map(([registry]) => ({ registry, secure: false, mirrors: [] })),
        mirrors: [...rules].flatMap(([registry, each]) => mirrorsOf(registry, each)),
        liveRestore: false,
      };
    },
    probeRegistry: async (reference, timeoutMs) => {
      const { folder } = await lookAtContainerd(site);
      return await probe(site, folder, reference, timeoutMs);
    },
  }),
  async status(site, wanted) {
    const look = await lookAtContainerd(site);
    const rules = rulesOf(look);
    const says = (registry: string) =>
      rules.get(registry)?.hosts.some((rule) => isOwn(rule, registry) && isInsecure(rule)) === true;
    const names = wanted === null ? [...rules.keys()].filter(says) : [wanted];
    const urls = [...rules].flatMap(([registry, each]) => mirrorsOf(registry, each));
    return {
      version: look.version,
      path: look.folder,
      registries: names.map((registry) => ({ registry, configured: says(registry), effective: null })),
      mirrors: [...new Set(urls)]
        .filter((url) => wanted === null || new URL(url).host === wanted)
        .map((url) => ({ url, configured: true, effective: null })),
      trusted: await certificatesOn(site, wanted, look.folder),
      problem:
        look.config?.hasCri && look.config.configPath.length === 0
          ? `CRI does not look into ${look.folder}: config_path is not set`
          : null,
    };
  },
};

function mirrorsOf(registry: string, { hosts }: HostsToml): readonly string[] {
  return hosts.filter((rule) => !isOwn(rule, registry)).map(({ url }) => `${url}/`);
}

const runsScript = `
ctr version >/dev/null || exit 1
! ctr plugins ls | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "error"' | grep . || { echo "its CRI plugin did not load" >&2; exit 1; }
`;

/** It answers, and CRI has taken the configuration: a process that lives says nothing of that. */
async function assertRuns(site: EngineSite): Promise<void> {
  const actor = site.root ?? site.host;
  const { code, stderr } = await actor.run(["sh", "-c", runsScript, "regctl-runs"], { timeoutMs: 30_000 });
  if (code === 0) return;
  const reason = stderr.toString("utf8").trim().split("\n").at(-1) || "ctr version failed";
  throw new RegctlError("ENGINE_UNREACHABLE", { host: site.facts.host, tried: ["ctr version"], reason });
}

/** In a namespace of its own, which goes afterwards: nothing is left in those of others. */
const probeScript = `
ctr --namespace regctl-probe images pull --hosts-dir "$1" "$2" 2>&1 >/dev/null; code=$?
ctr namespaces rm regctl-probe >/dev/null 2>&1
exit "$code"
`;

async function probe(
  site: EngineSite,
  folder: string,
  reference: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const argv = ["sh", "-c", probeScript, "regctl-probe", folder, reference];
  return await probeByCommand(site.root ?? site.host, argv, timeoutMs);
}

const probeTimeoutMs = 5_000;

async function change(request: Exclude<ChangeRequest, UndoRequest>, site: EngineSite): Promise<Planned> {
  const look = await lookAtContainerd(site);
  const evidence = containerd.find(site.facts) ?? ["--engine names it"];
  const standing = standingEntries(parseJournal(site.facts.journal));
  const input = { evidence, look, standing, before: null };
  if (request.kind === "mirror") return { plan: planContainerdMirror(request, input), undoes: [] };
  const { registry } = request.registry;
  const before = isReferable(registry)
    ? judgeProbe(await probe(site, look.folder, `${registry}/regctl-probe:latest`, probeTimeoutMs)).verdict
    : null;
  if (request.kind === "insecure")
    return { plan: planContainerdInsecure(request, { ...input, before }), undoes: [] };
  const paths = [
    ...pathsToLookAt(look.folder, registry),
    ...systemPathsToLookAt({ request, facts: site.facts }),
  ];
  const files = await readHostFiles(site.root ?? site.host, paths);
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return {
    plan: planContainerdTrust(request, { ...input, before, look: { ...look, facts } }),
    undoes: [],
  };
}

async function undo(request: UndoRequest, site: EngineSite): Promise<Planned> {
  const to = entriesOf(name, request, site.facts);
  const look = await lookAtContainerd(site);
  const evidence = containerd.find(site.facts) ?? ["the journal names it"];
  const entries = to.isLast ? to.entries : withConfig(site, to.entries);
  const { owner: _, ...about } = aboutContainerd({ look, evidence });
  const planned = await planOwnUndo({ ...to, entries }, site, {
    about,
    path: hostsFileOf(look, to.registry),
    without: { [hostsFormat]: withoutOwn, [configFormat]: (text) => removeConfigPath(text) },
    activation: { kind: "read" },
    toldByOthers: rulesOf(look).has(to.registry),
    expect: () => ({ listed: {} }),
  });
  const isToldToForget =
    planned.plan.kind === "change" &&
    planned.plan.phases.some(({ edits }) => edits.some(({ path }) => !path.startsWith(`${look.folder}/`)));
  const notes = isToldToForget ? ["CRI goes on looking into the folder until containerd's next start"] : [];
  const plan = { ...planned.plan, notes: [...planned.plan.notes, ...notes] };
  return { ...planned, plan, undoes: to.entries };
}

/** config_path counts for all registries: it goes with the last of them, whichever brought it. */
function withConfig({ facts }: EngineSite, undone: readonly JournalEntry[]): readonly JournalEntry[] {
  const isConfig = ({ change: made }: JournalEdit) => made?.format === configFormat;
  const journal = parseJournal(facts.journal).filter(({ engine }) => engine === name);
  if (standingEntries(journal).some(({ id }) => undone.every((entry) => entry.id !== id)))
    return undone.map((entry) => ({ ...entry, edits: entry.edits.filter((edit) => !isConfig(edit)) }));
  const earlier = journal.filter(({ id, edits }) => edits.some(isConfig) && undone.every((u) => u.id !== id));
  return [...earlier.map((entry) => ({ ...entry, edits: entry.edits.filter(isConfig) })), ...undone];
}

const withoutOwn: Without = (text, entry, { path, change: made }) => {
  const own = readHostsToml(text);
  if (own === null) return undefined;
  const left = rulesWithout(own, registryOf(path), entry.action, made?.entry ?? "");
  return left === null ? null : renderHostsToml(left);
};

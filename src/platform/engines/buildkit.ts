/**
 * A buildkitd of the host, with root or as a person's own: a block in `buildkitd.toml` for each registry, certificates
 * beside it, and a restart. Proved by a build of nothing but an image that is not there.
 */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { isReferable } from "../engine-entry.ts";
import {
  type BuildkitRegistry,
  readBuildkitdToml,
  readOwnBlock,
  withBlock,
} from "../formats/buildkitd-toml.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import type { Expectation, Plan } from "../plan.ts";
import { standingEntries } from "../plan-undo.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { probeByCommand, programPerCommand } from "./asked-by-command.ts";
import { activationOf } from "./buildkit-activation.ts";
import {
  aboutBuildkit,
  buildkitdToml,
  certsFolderOf,
  isInsecure,
  planBuildkitInsecure,
  planBuildkitMirror,
  planBuildkitTrust,
} from "./buildkit-plan.ts";
import { type BuildkitSite, lookAtBuildkit } from "./buildkit-site.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";
import { entriesOf, planOwnUndo, type Without } from "./own-undo.ts";

const name = "buildkit";
const title = "BuildKit";

export const buildkit: EngineKind = {
  name,
  title,
  find: ({ markers }) => (markers.has("buildkitd") ? ["buildkitd is there"] : null),
  plan: async (request, site) =>
    request.kind === "undo" ? await undo(request, site) : { plan: await change(request, site), undoes: [] },
  service: () => ({
    reload: ["true"],
    restart: null,
    start: null,
    log: ["journalctl", "-t", "buildkitd", "-n", "20", "--no-pager", "-o", "cat"],
  }),
  told: (site) => ({
    ...programPerCommand,
    info: async () => {
      const look = await lookAtBuildkit(site);
      if (!look.isRead) throw notRead(look);
      return {
        insecureCidrs: [],
        indexes: look.configured.tables
          .filter(isInsecure)
          .map(({ registry }) => ({ registry, secure: false, mirrors: [] })),
        mirrors: mirrorUrlsOf(look.configured.tables),
        liveRestore: false,
      };
    },
    probeRegistry: async (reference, timeoutMs) =>
      await probe(await lookAtBuildkit(site), site, reference, timeoutMs),
  }),
  async status(site, wanted) {
    const look = await lookAtBuildkit(site);
    const { tables } = look.configured;
    const effective = (told: boolean) => (look.daemon === null ? null : told && look.isRead);
    const names = tables.filter(isInsecure).map(({ registry }) => registry);
    const urls = mirrorUrlsOf(tables);
    return {
      version: look.version,
      path: look.path,
      registries: (wanted === null ? names : [wanted]).map((registry) => ({
        registry,
        configured: names.includes(registry),
        effective: effective(names.includes(registry)),
      })),
      mirrors: urls
        .filter((url) => wanted === null || new URL(url).host === wanted)
        .map((url) => ({ url, configured: true, effective: effective(true) })),
      trusted: await certificatesOn(site, wanted, certsFolderOf(look)),
      problem:
        look.daemon !== null && !look.isRead
          ? `buildkitd has run since before ${look.path} was written: what stands there waits for its restart`
          : null,
    };
  },
};

/** A mirror's own table says how it is reached. */
function mirrorUrlsOf(tables: readonly BuildkitRegistry[]): readonly string[] {
  const plain = (registry: string) => tables.some((table) => table.registry === registry && table.http);
  const mirrors = new Set(tables.flatMap((table) => table.mirrors));
  return [...mirrors].flatMap((mirror) => [
    `https://${mirror}/`,
    ...(plain(mirror) ? [`http://${mirror}/`] : []),
  ]);
}

function notRead({ facts, daemon, path, address }: BuildkitSite): RegctlError {
  const reason =
    daemon === null ? "buildkitd does not run" : `buildkitd has not read ${path} since it was written`;
  return new RegctlError("ENGINE_UNREACHABLE", { host: facts.host, tried: [address], reason });
}

const probeScript = `
PATH=$PATH:/usr/local/bin
command -v buildctl >/dev/null || { echo "buildctl is not there, so buildkitd cannot ask a registry"; exit 1; }
d=$(mktemp -d) || exit 1; trap 'rm -rf "$d"' EXIT
printf 'FROM %s\\n' "$2" >"$d/Dockerfile"
buildctl --addr "$1" build --progress plain --no-cache --frontend dockerfile.v0 --local context="$d" --local dockerfile="$d" 2>&1
`;

/** Builds what is nothing but an image that is not there. */
function probe(
  { address, asLogin }: BuildkitSite,
  site: EngineSite,
  reference: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const actor = asLogin ? site.host : (site.root ?? site.host);
  return probeByCommand(actor, ["sh", "-c", probeScript, "regctl-probe", address, reference], timeoutMs);
}

const probeTimeoutMs = 5_000;

async function change(request: Exclude<ChangeRequest, UndoRequest>, site: EngineSite): Promise<Plan> {
  const look = await lookAtBuildkit(site);
  const evidence = buildkit.find(site.facts) ?? ["--engine names it"];
  const journal = parseJournal(site.facts.journal).filter(({ engine }) => engine === name);
  const input = { engine: buildkit, look, evidence, before: null, standing: standingEntries(journal) };
  if (request.kind === "mirror") return planBuildkitMirror(request, input);
  const { registry } = request.registry;
  const before = await verdictOf(site, look, registry);
  if (request.kind === "insecure") return planBuildkitInsecure(request, { ...input, before });
  const paths = [
    ...pathsToLookAt(certsFolderOf(look), registry),
    ...systemPathsToLookAt({ request, facts: site.facts }),
  ];
  const actor = look.asLogin ? site.host : (site.root ?? site.host);
  const files = await readHostFiles(actor, paths);
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return planBuildkitTrust(request, { ...input, look: { ...look, facts }, before });
}

/** Of a registry that is insecure already its certificate says nothing. */
async function verdictOf(site: EngineSite, look: BuildkitSite, registry: string) {
  const known = look.configured.tables.some((table) => table.registry === registry && table.insecure);
  if (look.daemon === null || known || !isReferable(registry)) return null;
  return judgeProbe(await probe(look, site, `${registry}/regctl-probe:latest`, probeTimeoutMs)).verdict;
}

async function undo(request: UndoRequest, site: EngineSite): Promise<Planned> {
  const to = entriesOf(name, request, site.facts);
  const look = await lookAtBuildkit(site);
  const evidence = buildkit.find(site.facts) ?? ["the journal names it"];
  const { activation, consents, unproved } = activationOf(look);
  const { registry } = to;
  const table = look.configured.tables.find((each) => each.registry === registry);
  const planned = await planOwnUndo(to, site, {
    about: { ...aboutBuildkit({ engine: buildkit, look, evidence }) },
    path: look.path,
    without: { [buildkitdToml]: withoutOwn },
    activation,
    toldByOthers: table !== undefined && isInsecure(table),
    expect: (after) =>
      unproved === undefined ? goneFrom(after.get(look.path), look, registry) : { listed: {} },
  });
  const { plan } = planned;
  if (plan.kind === "nothing") return planned;
  return { ...planned, plan: { ...plan, consents, ...(unproved === undefined ? {} : { unproved }) } };
}

/** What stays in the file, by its own table or somebody else's, is not expected to be gone. */
function goneFrom(text: string | null | undefined, look: BuildkitSite, registry: string): Expectation {
  const { tables } = text === undefined ? look.configured : readBuildkitdToml(text ?? "");
  const stays = tables.some((table) => table.registry === registry && isInsecure(table));
  const left = mirrorUrlsOf(tables);
  const gone = mirrorUrlsOf(look.configured.tables).filter((url) => !left.includes(url));
  return {
    listed: stays ? {} : { [registry]: false },
    mirrors: Object.fromEntries(gone.map((url) => [url, false])),
  };
}

export const withoutOwn: Without = (text, entry, { change: made }) => {
  const { registry } = entry;
  const next =
    entry.action === "mirror" ? withoutMirror(text, registry) : withoutKind(text, entry.action, registry);
  if (next === undefined) return undefined;
  return next === "" && made?.note.kind === "text" && made.note.created ? null : next;
};

/** A mirror that is reached over HTTP stays so as long as somebody asks it. */
function withoutKind(text: string, action: string, registry: string): string | undefined {
  const { tables } = readBuildkitdToml(text);
  const own = readOwnBlock(text, registry);
  if (own === null) return tables.some((table) => table.registry === registry) ? undefined : text;
  const isMirror = tables.some(({ mirrors }) => mirrors.includes(registry));
  const next =
    action === "trust"
      ? { ...own, ca: [], keypairs: [] }
      : { ...own, insecure: false, http: own.http && isMirror };
  return withBlock(text, own, next);
}

function withoutMirror(text: string, mirror: string): string {
  const askers = readBuildkitdToml(text).tables.filter(({ mirrors }) => mirrors.includes(mirror));
  const left = askers.reduce((now, { registry }) => {
    const own = readOwnBlock(now, registry);
    return own === null
      ? now
      : withBlock(now, own, { ...own, mirrors: own.mirrors.filter((m) => m !== mirror) });
  }, text);
  const own = readOwnBlock(left, mirror);
  const isLeft = readBuildkitdToml(left).tables.some(({ mirrors }) => mirrors.includes(mirror));
  return own === null || own.insecure || isLeft ? left : withBlock(left, own, { ...own, http: false });
}

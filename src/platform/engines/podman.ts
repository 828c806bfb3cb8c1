/**
 * Podman, Buildah and Skopeo, which share their files and read them with every command: a drop-in for each registry,
 * certificates in `certs.d`. With the rights for it below /etc, for everybody; else below the login's own home.
 */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { Host } from "../../ports.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest } from "../change-request.ts";
import { isReferable } from "../engine-entry.ts";
import {
  type RegistryTable,
  readOwnRegistry,
  renderOwnRegistry,
  tableFor,
} from "../formats/registries-conf.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { standingEntries } from "../plan-undo.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { probeByCommand, programPerCommand } from "./asked-by-command.ts";
import {
  aboutContainers,
  type ContainersInput,
  certsFolderOf,
  dropInOf,
  planContainersInsecure,
  planContainersMirror,
  planContainersTrust,
  registriesFormat,
} from "./containers-plan.ts";
import { type ContainersSite, lookAtContainers } from "./containers-site.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";
import { entriesOf, planOwnUndo, type Without } from "./own-undo.ts";

const programs = ["podman", "buildah", "skopeo"] as const;
const title = "Podman";
const name = "podman";

export const podman: EngineKind = {
  name,
  title,
  find({ markers }) {
    const there = programs.filter((program) => markers.has(program));
    return there.length > 0 ? [`${there.join(", ")} ${there.length > 1 ? "are" : "is"} there`] : null;
  },
  plan: async (request, site) =>
    request.kind === "undo" ? await undo(request, site) : { plan: await change(request, site), undoes: [] },
  // Nothing runs that would have to be told, started or asked for its log.
  service: () => ({ reload: ["true"], restart: null, start: null, log: ["true"] }),
  told: (site) => ({
    ...programPerCommand,
    info: async () => {
      const tables = await tablesInForce(site);
      const insecure = tables.filter((table) => table.insecure && !table.blocked);
      return {
        insecureCidrs: [],
        indexes: insecure.map(({ prefix }) => ({ registry: prefix, secure: false, mirrors: [] })),
        mirrors: tables.flatMap(mirrorsOf),
        liveRestore: false,
      };
    },
    probeRegistry: (reference, timeoutMs) => probe(site.root ?? site.host, reference, timeoutMs),
  }),
  async status(site, wanted) {
    const look = await lookAtContainers(site, programs);
    const inForce = await tablesInForce(site);
    const names = look.tables.filter(({ insecure }) => insecure).map(({ prefix }) => prefix);
    const isInsecure = (tables: readonly RegistryTable[], registry: string) =>
      tableFor(tables, registry)?.insecure === true;
    const urls = [...new Set(look.tables.flatMap(mirrorsOf))];
    return {
      version: look.version,
      path: `${look.scope.folder}/registries.conf.d`,
      registries: (wanted === null ? [...new Set(names)] : [wanted]).map((registry) => ({
        registry,
        configured: isInsecure(look.tables, registry),
        effective: isInsecure(inForce, registry),
      })),
      mirrors: urls
        .filter((url) => wanted === null || new URL(url).host === wanted)
        .map((url) => ({ url, configured: true, effective: inForce.flatMap(mirrorsOf).includes(url) })),
      trusted: await certificatesOn(site, wanted, certsFolderOf(look)),
      problem: look.notes[0] ?? null,
    };
  },
};

/** One that is asked without a verified certificate is asked over HTTPS first and over HTTP then: both are meant. */
function mirrorsOf({ mirrors }: RegistryTable): readonly string[] {
  return mirrors.flatMap(({ location, insecure }) => [
    `https://${location}/`,
    ...(insecure ? [`http://${location}/`] : []),
  ]);
}

const infoScript = 'if command -v podman >/dev/null; then podman info --format "{{json .Registries}}"; fi';

/** What podman itself makes of all files; without it, what stands in them. */
async function tablesInForce(site: EngineSite): Promise<readonly RegistryTable[]> {
  const actor = site.root ?? site.host;
  const { code, stdout, stderr } = await actor.run(["sh", "-c", infoScript, "regctl-info"], {
    timeoutMs: 30_000,
  });
  if (code !== 0) {
    const reason = stderr.toString("utf8").trim().split("\n").at(-1) ?? "podman info failed";
    throw new RegctlError("ENGINE_UNREACHABLE", { host: site.facts.host, tried: ["podman info"], reason });
  }
  const text = stdout.toString("utf8").trim();
  return text === "" ? (await lookAtContainers(site, [])).tables : parsePodmanRegistries(text);
}

interface PodmanRegistry {
  readonly Prefix?: string;
  readonly Location?: string;
  readonly Insecure?: boolean;
  readonly Blocked?: boolean;
  readonly Mirrors?: readonly { readonly Location?: string; readonly Insecure?: boolean }[] | null;
}

/** The registries of `podman info`: an object by prefix, with the list `search` beside them. Pure. */
export function parsePodmanRegistries(text: string): readonly RegistryTable[] {
  const registries = JSON.parse(text) as Record<string, PodmanRegistry | readonly string[]> | null;
  return Object.entries(registries ?? {}).flatMap(([key, given]) => {
    if (Array.isArray(given)) return [];
    const { Prefix, Location, Insecure, Blocked, Mirrors } = given as PodmanRegistry;
    const mirrors = (Mirrors ?? []).map((mirror) => ({
      location: mirror.Location ?? "",
      insecure: mirror.Insecure === true,
    }));
    const prefix = Prefix || key;
    const location = Location ?? key;
    return [{ prefix, location, insecure: Insecure === true, blocked: Blocked === true, mirrors }];
  });
}

const probeScript = `
if command -v podman >/dev/null; then exec podman manifest inspect "$1"; fi
if command -v skopeo >/dev/null; then exec skopeo inspect --raw "docker://$1"; fi
exec buildah manifest inspect "$1"
`;

function probe(actor: Host, reference: string, timeoutMs: number): Promise<ProbeAnswer> {
  return probeByCommand(actor, ["sh", "-c", probeScript, "regctl-probe", reference], timeoutMs);
}

const probeTimeoutMs = 5_000;

async function change(request: Exclude<ChangeRequest, { kind: "undo" }>, site: EngineSite) {
  const look = await lookAtContainers(site, programs);
  const evidence = podman.find(site.facts) ?? ["--engine names it"];
  const input = { engine: podman, evidence, look, activation: { kind: "read" } } as const;
  const standing = standingEntries(parseJournal(site.facts.journal));
  if (request.kind === "mirror") return planContainersMirror(request, { ...input, before: null, standing });
  const before = await verdictOf(site, look, request.registry.registry);
  if (request.kind === "insecure") return planContainersInsecure(request, { ...input, before, standing });
  const { registry } = request.registry;
  const paths = [
    ...pathsToLookAt(certsFolderOf(look), registry),
    ...systemPathsToLookAt({ request, facts: site.facts }),
  ];
  const files = await readHostFiles(site.root ?? site.host, paths);
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return planContainersTrust(request, { ...input, look: { ...look, facts }, before, standing });
}

/** Of a registry that is insecure already its certificate says nothing. */
async function verdictOf(site: EngineSite, { tables }: ContainersSite, registry: string) {
  if (!isReferable(registry) || tableFor(tables, registry)?.insecure) return null;
  return judgeProbe(await probe(site.root ?? site.host, `${registry}/regctl-probe:latest`, probeTimeoutMs))
    .verdict;
}

async function undo(request: Extract<ChangeRequest, { kind: "undo" }>, site: EngineSite): Promise<Planned> {
  const to = entriesOf(name, request, site.facts);
  const look = await lookAtContainers(site, programs);
  const evidence = podman.find(site.facts) ?? ["the journal names it"];
  const about: ContainersInput["look"] = { ...look, scope: { ...look.scope, asLogin: to.asLogin } };
  const { registry } = to;
  return await planOwnUndo(to, site, {
    about: aboutContainers({ engine: podman, evidence, look: about }),
    path: dropInOf(look, registry),
    without: { [registriesFormat]: withoutOwn },
    activation: { kind: "read" },
    toldByOthers: tableFor(look.tables, registry)?.insecure === true,
    expect: (after) => ({ listed: listedAfter(look, registry, after) }),
  });
}

/** What nobody else says is not in force any more. */
function listedAfter(
  { tables }: ContainersSite,
  registry: string,
  after: ReadonlyMap<string, string | null>,
) {
  const left = tables.flatMap((table) => {
    const text = after.get(table.path);
    if (text === undefined) return [table];
    const own = text === null ? null : readOwnRegistry(text);
    return own ? [{ ...table, insecure: own.insecure }] : [];
  });
  return tableFor(left, registry)?.insecure === true ? {} : { [registry]: false };
}

export const withoutOwn: Without = (text, entry, edit) => {
  const own = readOwnRegistry(text);
  if (own === null || edit.change?.purpose !== "file") return own === null ? undefined : text;
  const left =
    entry.action === "mirror"
      ? { ...own, mirrors: own.mirrors.filter(({ location }) => location !== edit.change?.entry) }
      : { ...own, insecure: false };
  return left.insecure || left.mirrors.length > 0 ? renderOwnRegistry(left) : null;
};

/** What Podman with its relatives and CRI-O are alike in: engines told by registries.conf and `certs.d`. */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import type { Host } from "../../ports.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { isReferable } from "../engine-entry.ts";
import { type RegistryTable, tableFor } from "../formats/registries-conf.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import type { Activation, Plan } from "../plan.ts";
import { standingEntries } from "../plan-undo.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { programPerCommand } from "./asked-by-command.ts";
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
import {
  type ContainersSite,
  listedAfter,
  lookAtContainers,
  mirrorsOf,
  shownMirror,
  withoutOwn,
} from "./containers-site.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";
import type { EngineStatus } from "./engine-status.ts";
import { entriesOf, planOwnUndo } from "./own-undo.ts";

export interface ContainersEngine extends Pick<EngineKind, "name" | "title" | "find" | "service"> {
  /** Whose version is shown, the first that is there. */
  readonly programs: readonly string[];
  /** It never runs as a person, and reads nothing below a home. */
  readonly systemOnly: boolean;
  readonly activation: Activation;
  /** @throws RegctlError ENGINE_CANNOT where it cannot be told at all */
  check(site: EngineSite): void;
  /** What it says that it has; null when it does not let itself be asked. Rejects with ENGINE_UNREACHABLE. */
  inForce(site: EngineSite): Promise<readonly RegistryTable[] | null>;
  /** Has it fetch what is not there. */
  probe(actor: Host, reference: string, timeoutMs: number): Promise<ProbeAnswer>;
}

export function containersEngine(engine: ContainersEngine): EngineKind {
  const { name, title, find, service } = engine;
  return {
    ...{ name, title, find, service },
    plan: async (request, site) => {
      engine.check(site);
      if (request.kind === "undo") return await undo(engine, request, site);
      return { plan: await change(engine, request, site), undoes: [] };
    },
    told: (site) => ({
      ...programPerCommand,
      info: async () => {
        const tables = (await engine.inForce(site)) ?? (await lookOf(engine, site)).tables;
        const insecure = tables.filter((table) => table.insecure && !table.blocked);
        return {
          insecureCidrs: [],
          indexes: insecure.map(({ prefix }) => ({ registry: prefix, secure: false, mirrors: [] })),
          mirrors: tables.flatMap(mirrorsOf),
          liveRestore: false,
        };
      },
      probeRegistry: (reference, timeoutMs) => engine.probe(site.root ?? site.host, reference, timeoutMs),
    }),
    status: (site, wanted) => readStatus(engine, site, wanted),
  };
}

function lookOf({ programs, systemOnly }: ContainersEngine, site: EngineSite): Promise<ContainersSite> {
  return lookAtContainers(site, programs, systemOnly);
}

function isInsecure(tables: readonly RegistryTable[], registry: string): boolean {
  return tableFor(tables, registry)?.insecure === true;
}

async function readStatus(
  engine: ContainersEngine,
  site: EngineSite,
  wanted: string | null,
): Promise<EngineStatus> {
  const look = await lookOf(engine, site);
  const inForce = await engine.inForce(site);
  const names = look.tables.filter(({ insecure }) => insecure).map(({ prefix }) => prefix);
  const urls = look.tables.flatMap(({ mirrors }) => mirrors.map(shownMirror));
  return {
    version: look.version,
    path: `${look.scope.folder}/registries.conf.d`,
    registries: [...new Set(wanted === null ? names : [wanted])].map((registry) => ({
      registry,
      configured: isInsecure(look.tables, registry),
      effective: inForce && isInsecure(inForce, registry),
    })),
    mirrors: [...new Set(urls)]
      .filter((url) => wanted === null || new URL(url).host === wanted)
      .map((url) => ({
        ...{ url, configured: true },
        effective: inForce?.flatMap(mirrorsOf).includes(url) ?? null,
      })),
    trusted: await certificatesOn(site, wanted, certsFolderOf(look)),
    problem: look.notes[0] ?? null,
  };
}

const probeTimeoutMs = 5_000;

async function change(
  engine: ContainersEngine,
  request: Exclude<ChangeRequest, UndoRequest>,
  site: EngineSite,
): Promise<Plan> {
  const look = await lookOf(engine, site);
  const input: ContainersInput = {
    ...{ engine, look, activation: engine.activation, before: null },
    evidence: engine.find(site.facts) ?? ["--engine names it"],
    standing: standingEntries(parseJournal(site.facts.journal)),
  };
  if (request.kind === "mirror") return planContainersMirror(request, input);
  const { registry } = request.registry;
  const before = await verdictOf(engine, site, look, registry);
  if (request.kind === "insecure") return planContainersInsecure(request, { ...input, before });
  const paths = [
    ...pathsToLookAt(certsFolderOf(look), registry),
    ...systemPathsToLookAt({ request, facts: site.facts }),
  ];
  const files = await readHostFiles(site.root ?? site.host, paths);
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return planContainersTrust(request, { ...input, look: { ...look, facts }, before });
}

/** Of a registry that is insecure already its certificate says nothing. */
async function verdictOf(
  engine: ContainersEngine,
  site: EngineSite,
  { tables }: ContainersSite,
  registry: string,
) {
  if (!isReferable(registry) || isInsecure(tables, registry)) return null;
  const reference = `${registry}/regctl-probe:latest`;
  return judgeProbe(await engine.probe(site.root ?? site.host, reference, probeTimeoutMs)).verdict;
}

async function undo(engine: ContainersEngine, request: UndoRequest, site: EngineSite): Promise<Planned> {
  const to = entriesOf(engine.name, request, site.facts);
  const look = await lookOf(engine, site);
  const evidence = engine.find(site.facts) ?? ["the journal names it"];
  const ofEntries = { ...look, scope: { ...look.scope, asLogin: to.asLogin } };
  return await planOwnUndo(to, site, {
    about: aboutContainers({ engine, evidence, look: ofEntries }),
    path: dropInOf(look, to.registry),
    without: { [registriesFormat]: withoutOwn },
    activation: engine.activation,
    toldByOthers: isInsecure(look.tables, to.registry),
    expect: (after) => ({ listed: listedAfter(look, to.registry, after) }),
  });
}

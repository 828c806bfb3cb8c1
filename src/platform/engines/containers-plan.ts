/** Plans for whatever reads `registries.conf` and `/etc/containers/certs.d`. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import {
  type OwnRegistry,
  type RegistryTable,
  readOwnRegistry,
  renderOwnRegistry,
  tableFor,
} from "../formats/registries-conf.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { Activation, ChangePlan, Expectation, FileEdit, Plan } from "../plan.ts";
import { planCertificateFiles } from "../trust/certificate-files.ts";
import { planSystemStore } from "../trust/system-files.ts";
import type { ContainersSite } from "./containers-site.ts";
import type { EngineKind } from "./engine-kind.ts";
import { editOfOwn } from "./own-files.ts";
import { downgradeOf, refusedNetwork } from "./usual-answers.ts";

export interface ContainersInput {
  readonly engine: Pick<EngineKind, "name" | "title">;
  readonly evidence: readonly string[];
  readonly look: ContainersSite;
  readonly activation: Activation;
  /** What came of the engine's own request before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** What setup did and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

export const registriesFormat = "registries.conf";

export function aboutContainers({
  engine,
  evidence,
  look,
}: Pick<ContainersInput, "engine" | "evidence" | "look">) {
  return {
    host: look.facts.host,
    platform: engine.name,
    evidence,
    engine: engine.name,
    engineVersion: look.version,
    ...(look.scope.asLogin ? { asLogin: true as const } : {}),
  };
}

/** Late in the order of names, since of two files that name a registry the later one counts. */
export function dropInOf({ scope }: ContainersSite, registry: string): string {
  return `${scope.folder}/registries.conf.d/90-regctl-${registry.replace(/[^a-z0-9.-]/g, "_")}.conf`;
}

/** @throws RegctlError ENGINE_CANNOT, CONFIG_CONFLICT */
export function planContainersInsecure({ registry: judged }: InsecureRequest, input: ContainersInput): Plan {
  const { registry } = judged;
  if (judged.kind.startsWith("cidr")) throw refusedNetwork(input.engine, input.look.facts.host, registry);
  const path = dropInOf(input.look, registry);
  const about = { ...aboutContainers(input), owner: "file" as const, path };
  const table = tableFor(input.look.tables, registry);
  if (table?.insecure && !table.blocked) {
    const why = table.prefix === registry ? "already" : "covered";
    return { ...about, notes: input.look.notes, kind: "nothing", why, detail: table.prefix };
  }
  const own = ownOf(input, registry);
  const edit = editOf(input, { ...own, insecure: true }, registry);
  const notes = judged.port === undefined ? [`it counts for ${registry} on every port`] : [];
  return {
    ...about,
    notes: [...notes, ...input.look.notes],
    ...changing(input, edit ? [edit] : [], "say that it is insecure", { listed: { [registry]: true } }),
    consents: input.before === "trusted" ? [downgradeOf(registry)] : [],
  };
}

/** @throws RegctlError CONFIG_CONFLICT */
export function planContainersMirror({ mirror, upstream }: MirrorRequest, input: ContainersInput): Plan {
  const path = dropInOf(input.look, upstream);
  const about = { ...aboutContainers(input), owner: "file" as const, path };
  const location = mirror.registry;
  const asked = tableFor(input.look.tables, upstream)?.mirrors ?? [];
  const isInsecure = mirror.scheme === "http" || tableFor(input.look.tables, location)?.insecure === true;
  if (asked.some((each) => each.location === location && each.insecure === isInsecure)) {
    return { ...about, notes: input.look.notes, kind: "nothing", why: "already", detail: mirror.url };
  }
  const own = ownOf(input, upstream);
  const others = own.mirrors.filter((each) => each.location !== location);
  const order =
    others.length > 0 ? [`these are asked before it: ${others.map((o) => o.location).join(", ")}`] : [];
  const mirrors = [...others, { location, insecure: isInsecure }];
  const edit = editOf(input, { ...own, mirrors }, location);
  return {
    ...about,
    notes: [...order, ...input.look.notes],
    ...changing(input, edit ? [edit] : [], `ask it before ${upstream}`, {
      listed: {},
      mirrors: { [mirror.url]: true },
    }),
    consents: [],
  };
}

export const certsFolderOf = ({ scope }: ContainersSite): string => `${scope.folder}/certs.d`;

/** @throws RegctlError CONFIG_CONFLICT, ENGINE_CANNOT, NO_RIGHTS */
export function planContainersTrust(request: TrustRequest, input: ContainersInput): Plan {
  const { look, standing } = input;
  const { facts, scope } = look;
  const { registry } = request.registry;
  if (request.system && scope.asLogin) throw cannotSystem(input);
  const files = planCertificateFiles({ request, facts, certsFolder: certsFolderOf(look), standing });
  const about = { ...aboutContainers(input), owner: "file" as const, path: files.path };
  const notes = [...request.authority.notes, ...files.notes, ...look.notes];
  const listed = tableFor(look.tables, registry)?.insecure === true;
  const own = listed ? ownOf(input, registry) : null;
  const unlisted = own ? withoutInsecure(input, own) : null;
  const certificates = files.phases.flatMap(({ edits }) => edits).map((edit) => ownedBy(edit, scope));
  const edits = [...certificates, ...(unlisted ? [unlisted] : [])];
  const system = request.system ? planSystemStore({ request, facts }) : [];
  const known = input.before === "trusted" && !listed && request.client === null && system.length === 0;
  const written = edits.length === 0 && system.length === 0 && input.before !== "trust";
  const shown = { ...about, notes, certificates: request.authority.certificates };
  if (known || written) return { ...shown, kind: "nothing", why: "trusted", detail: registry };
  const trusted = [{ registry, mustAnswer: listed }];
  const expect = { listed: listed ? { [registry]: false } : {}, trusted };
  const plan = changing(input, edits, "the certificates that are to be trusted and shown", expect);
  const asks = files.writesAuthority || request.system ? request.authority.consent : null;
  return { ...shown, ...plan, phases: [...system, ...plan.phases], consents: asks ? [asks] : [] };
}

function changing(
  { activation }: ContainersInput,
  edits: readonly FileEdit[],
  why: string,
  expect: Expectation,
): Pick<ChangePlan, "kind" | "phases"> {
  return { kind: "change", phases: [{ why, edits, activation, expect }] };
}

/** @throws RegctlError CONFIG_CONFLICT where somebody else's table would lose what it says */
function ownOf(input: ContainersInput, registry: string): OwnRegistry {
  const path = dropInOf(input.look, registry);
  const { text } = fileOf(input.look.facts, path);
  const own = text === null ? { registry, insecure: false, mirrors: [] } : readOwnRegistry(text);
  if (own?.registry !== registry) throw conflict(input, path, `${path} is not as regctl wrote it`);
  const table = tableFor(
    input.look.tables.filter((each) => each.path !== path),
    registry,
  );
  if (table && saysMore(table)) {
    const where = `${table.path} has a [[registry]] table for ${table.prefix}`;
    throw conflict(input, table.path, `${where}, and a second one would take the place of all that it says`);
  }
  return own;
}

/** More than that the registry is there, or is insecure. */
function saysMore({ prefix, location, blocked, mirrors }: RegistryTable): boolean {
  return blocked || mirrors.length > 0 || location !== prefix;
}

function conflict({ look }: ContainersInput, path: string, problem: string): RegctlError {
  const remedy = `sudoedit ${path}`;
  return new RegctlError("CONFIG_CONFLICT", { host: look.facts.host, path, problem, remedy });
}

function editOf(input: ContainersInput, own: OwnRegistry, entry: string): FileEdit | null {
  const { scope, facts } = input.look;
  const path = dropInOf(input.look, own.registry);
  const folders = [path.slice(0, path.lastIndexOf("/")), scope.folder];
  const { uid, gid } = scope;
  return editOfOwn(facts, {
    path,
    after: renderOwnRegistry(own),
    format: registriesFormat,
    entry,
    folders,
    uid,
    gid,
  });
}

/** Where nothing is left to say the file goes. */
function withoutInsecure(input: ContainersInput, own: OwnRegistry): FileEdit {
  const path = dropInOf(input.look, own.registry);
  const table = tableFor(input.look.tables, own.registry);
  const file = fileOf(input.look.facts, path);
  if (!own.insecure || table?.prefix !== own.registry) {
    const where = input.look.tables.findLast((each) => each.prefix === table?.prefix)?.path ?? path;
    throw conflict(
      input,
      where,
      `${where} says that ${table?.prefix} is insecure, so no certificate of it is verified`,
    );
  }
  const after = own.mirrors.length > 0 ? renderOwnRegistry({ ...own, insecure: false }) : null;
  const change = {
    purpose: "unlist",
    format: registriesFormat,
    entry: own.registry,
    note: { kind: "unchanged" },
    ours: true,
  } as const;
  const { target, text: before, mode, uid, gid } = file;
  const made = input.standing.flatMap(({ edits }) => edits.flatMap(({ folders = [] }) => folders));
  const above = [...new Set(made)].filter((folder) => path.startsWith(`${folder}/`));
  const folders = above.toSorted((a, b) => b.length - a.length);
  return { path, target, before, after, mode, uid, gid, change, ...(after === null ? { folders } : {}) };
}

function ownedBy(edit: FileEdit, { uid, gid }: ContainersSite["scope"]): FileEdit {
  return edit.before === null ? { ...edit, uid, gid } : edit;
}

function cannotSystem({ engine, look }: ContainersInput): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host: look.facts.host,
    what: "--system",
    why: `${look.facts.user} is not root there, so ${engine.title}'s files below its own home are changed and nothing else`,
    instead: ["leave out --system: the certificate is trusted by the file of its own"],
  });
}

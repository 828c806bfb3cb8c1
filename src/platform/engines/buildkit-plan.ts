/** Plans for a buildkitd of the host. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import {
  type BuildkitRegistry,
  emptyRegistry,
  readBuildkitdToml,
  readOwnBlock,
  withBlock,
} from "../formats/buildkitd-toml.ts";
import type { UndoNote } from "../formats/format.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { ChangePlan, Expectation, FileEdit, Plan } from "../plan.ts";
import { planCertificateFiles } from "../trust/certificate-files.ts";
import { activationOf } from "./buildkit-activation.ts";
import type { BuildkitSite } from "./buildkit-site.ts";
import type { EngineKind } from "./engine-kind.ts";
import { clientPairOf, trustPlan } from "./trust-plan.ts";
import { aboutEngine, downgradeOf, refusedNetwork } from "./usual-answers.ts";

export interface BuildkitInput {
  readonly engine: Pick<EngineKind, "name" | "title">;
  readonly look: BuildkitSite;
  readonly evidence: readonly string[];
  /** What buildkitd said when it was made to ask before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** What setup did by this engine and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

export const buildkitdToml = "buildkitd.toml";

export const certsFolderOf = ({ path }: BuildkitSite): string =>
  `${path.slice(0, path.lastIndexOf("/"))}/certs.d`;

export function aboutBuildkit({
  engine,
  look,
  evidence,
}: Pick<BuildkitInput, "engine" | "look" | "evidence">) {
  const asLogin = look.asLogin ? { asLogin: true as const } : {};
  return { ...aboutEngine(engine.name, evidence, look), ...asLogin };
}

/** Docker's insecure is both: TLS that nobody verifies, then HTTP. */
export function isInsecure({ http, insecure }: BuildkitRegistry): boolean {
  return http && insecure;
}

/** @throws RegctlError ENGINE_CANNOT, CONFIG_CONFLICT, PLATFORM_NOT_WRITTEN */
export function planBuildkitInsecure({ registry: judged }: InsecureRequest, input: BuildkitInput): Plan {
  const { engine, look } = input;
  const { registry } = judged;
  if (judged.kind.startsWith("cidr")) throw refusedNetwork(engine, look.facts.host, registry);
  const table = look.configured.tables.find((each) => each.registry === registry);
  const there = table !== undefined && isInsecure(table);
  if (there && (look.isRead || look.daemon === null)) return nothing(input, "already", registry);
  const edit = there
    ? null
    : edited(input, [blockFor(look, registry, { http: true, insecure: true })], registry);
  const plan = changing(input, edit ? [edit] : [], "say that it is insecure", {
    listed: { [registry]: true },
  });
  const asks = input.before === "trusted" ? [downgradeOf(registry)] : [];
  return { ...plan, consents: [...asks, ...plan.consents] };
}

/** @throws RegctlError CONFIG_CONFLICT, PLATFORM_NOT_WRITTEN */
export function planBuildkitMirror({ mirror, upstream }: MirrorRequest, input: BuildkitInput): Plan {
  const { look } = input;
  const { registry, scheme } = mirror;
  const tables = look.configured.tables;
  const asked = tables.find((each) => each.registry === upstream)?.mirrors ?? [];
  const own = tables.find((each) => each.registry === registry);
  const reached = scheme === "https" || own?.http === true;
  if (asked.includes(registry) && reached && (look.isRead || look.daemon === null)) {
    return nothing(input, "already", mirror.url);
  }
  const blocks = [
    ...(asked.includes(registry) ? [] : [blockFor(look, upstream, { mirrors: [...asked, registry] })]),
    ...(reached ? [] : [blockFor(look, registry, { http: true })]),
  ];
  const edit = blocks.length === 0 ? null : edited(input, blocks, registry);
  const expect = { listed: {}, mirrors: { [mirror.url]: true } };
  const plan = changing(input, edit ? [edit] : [], `ask it before ${upstream}`, expect);
  const others = asked.filter((each) => each !== registry);
  const order = others.length > 0 ? [`these are asked before it: ${others.join(", ")}`] : [];
  return { ...plan, notes: [...order, ...plan.notes] };
}

/** @throws RegctlError CONFIG_CONFLICT, ENGINE_CANNOT, NO_RIGHTS, PLATFORM_NOT_WRITTEN */
export function planBuildkitTrust(request: TrustRequest, input: BuildkitInput): Plan {
  const { look, standing } = input;
  const { registry } = request.registry;
  if (request.system && look.asLogin) throw cannotSystem(input);
  const certsFolder = certsFolderOf(look);
  const files = planCertificateFiles({ request, facts: look.facts, certsFolder, standing });
  const certificates = files.phases
    .flatMap(({ edits }) => edits)
    .map((edit) => (edit.before === null ? { ...edit, uid: look.uid, gid: look.gid } : edit));
  const table = look.configured.tables.find((each) => each.registry === registry);
  const wasInsecure = table?.insecure === true || table?.http === true;
  const keypairs =
    request.client === null
      ? (table?.keypairs ?? [])
      : [clientPairOf(`${certsFolder}/${registry}`, request, look.facts, files)];
  const wanted = { http: false, insecure: false, ca: [files.path], keypairs };
  const says =
    table && !wasInsecure && table.ca.includes(files.path) && String(table.keypairs) === String(keypairs);
  const edit = says ? null : edited(input, [blockFor(look, registry, wanted)], registry);
  const plan = trustPlan({
    request,
    facts: look.facts,
    files,
    edits: [...certificates, ...(edit ? [edit] : [])],
    before: input.before,
    wasInsecure,
    about: aboutBuildkit(input),
    changing: (edits, why, expect) => changing(input, edits, why, expect),
  });
  // Tokens are fetched by whoever asks for a build.
  const token = "where the registry has a token server, the client of BuildKit has to trust it by itself";
  return plan.kind === "change" ? { ...plan, notes: [...plan.notes, token] } : plan;
}

interface Block {
  readonly own: BuildkitRegistry | null;
  readonly next: BuildkitRegistry;
}

/** @throws RegctlError CONFIG_CONFLICT where the registry has a table of somebody else's */
function blockFor(look: BuildkitSite, registry: string, wanted: Partial<BuildkitRegistry>): Block {
  const { facts, path, configured } = look;
  const own = readOwnBlock(fileOf(facts, path).text ?? "", registry);
  if (own === null && configured.tables.some((each) => each.registry === registry)) {
    const problem = `it has a [registry.${JSON.stringify(registry)}] table that regctl did not write, and may have no second one`;
    throw new RegctlError("CONFIG_CONFLICT", { host: facts.host, path, problem, remedy: `sudoedit ${path}` });
  }
  return { own, next: { ...(own ?? emptyRegistry(registry)), ...wanted } };
}

/** @throws RegctlError CONFIG_CONFLICT where TOML takes no more tables of registries */
function edited(input: BuildkitInput, blocks: readonly Block[], entry: string): FileEdit {
  const { facts, path, uid, gid } = input.look;
  const { text: before, target, mode, ...owner } = fileOf(facts, path);
  const after = blocks.reduce((text, { own, next }) => withBlock(text, own, next), before ?? "");
  if (readBuildkitdToml(after).problem) {
    const problem = "its registries are written so that no table can be added to them";
    throw new RegctlError("CONFIG_CONFLICT", { host: facts.host, path, problem, remedy: `sudoedit ${path}` });
  }
  const created =
    before === null ||
    input.standing
      .flatMap(({ edits }) => edits)
      .some((edit) => edit.path === path && edit.change?.note.kind === "text" && edit.change.note.created);
  const note: UndoNote = { kind: "text", created, before: null, after: "", base: null };
  const parent = path.slice(0, path.lastIndexOf("/"));
  const { text, unreadable } = fileOf(facts, parent);
  return {
    path,
    target,
    before,
    after,
    mode: before === null ? "644" : mode,
    uid: before === null ? uid : owner.uid,
    gid: before === null ? gid : owner.gid,
    change: { purpose: "file", format: buildkitdToml, entry, note },
    ...(text === null && !unreadable ? { folders: [parent] } : {}),
  };
}

function changing(
  input: BuildkitInput,
  edits: readonly FileEdit[],
  why: string,
  expect: Expectation,
): ChangePlan {
  const { activation, consents, unproved } = activationOf(input.look);
  const phase = { why, edits, activation, expect: unproved === undefined ? expect : { listed: {} } };
  const about = { ...aboutBuildkit(input), notes: [] };
  return {
    ...about,
    kind: "change",
    phases: [phase],
    consents,
    ...(unproved === undefined ? {} : { unproved }),
  };
}

function nothing(input: BuildkitInput, why: "already", detail: string) {
  return { ...aboutBuildkit(input), notes: [], kind: "nothing", why, detail } as const;
}

function cannotSystem({ look }: BuildkitInput): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host: look.facts.host,
    what: "--system",
    why: `buildkitd runs as ${look.facts.user} there, without root`,
    instead: ["leave out --system: the certificate is trusted by the file of its own"],
  });
}

/** Plans for builders that buildx runs as containers. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import { type RegistryKeys, registriesOf, withRegistryKeys } from "../formats/builder-toml.ts";
import { unchanged } from "../formats/format.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { Change, ChangePlan, Consent, Expectation, FileEdit, Phase, Plan } from "../plan.ts";
import { planCertificateFiles } from "../trust/certificate-files.ts";
import { againCommand } from "./buildx-create.ts";
import { type Builder, type BuildxSite, configOf, earlierOf, foldersAbove } from "./buildx-site.ts";
import { clientPairOf, trustPlan } from "./trust-plan.ts";
import { aboutEngine, downgradeOf, refusedNetwork } from "./usual-answers.ts";

export interface BuildxInput {
  readonly look: BuildxSite;
  readonly evidence: readonly string[];
  /** What a builder said when it was made to ask before any change; null when none runs. */
  readonly before: ProbeVerdict | null;
  /** What setup did by this engine and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

/** Name of the format of a builder's file. */
const builderFormat = "buildkitd.toml of a builder";

const engine = { name: "buildx", title: "A builder of buildx" };

export const certsFolderOf = ({ folder }: BuildxSite): string => `${folder}/certs`;

export function aboutBuildx({ look, evidence }: Pick<BuildxInput, "look" | "evidence">) {
  const about = aboutEngine(engine.name, evidence, { ...look, path: look.instances });
  return { ...about, asLogin: true as const };
}

/** Docker's insecure is both: TLS that nobody verifies, then HTTP. */
export function isInsecureIn({ toml }: Builder, registry: string): boolean {
  const table = registriesOf(toml ?? "")[registry];
  return table?.http === true && table.insecure === true;
}

/** @throws RegctlError ENGINE_CANNOT */
export function planBuildxInsecure({ registry: judged }: InsecureRequest, input: BuildxInput): Plan {
  const { registry } = judged;
  if (judged.kind.startsWith("cidr")) throw refusedNetwork(engine, input.look.facts.host, registry);
  const phases = phasesOf(input, registry, () => ({ [registry]: { http: true, insecure: true } }));
  if (phases.length === 0) return already(input, registry);
  const plan = changing(input, phases, { listed: { [registry]: true } });
  const asks = input.before === "trusted" ? [downgradeOf(registry)] : [];
  return { ...plan, consents: [...asks, ...plan.consents] };
}

/** @throws RegctlError ENGINE_CANNOT */
export function planBuildxMirror({ mirror, upstream }: MirrorRequest, input: BuildxInput): Plan {
  const { registry, scheme } = mirror;
  const phases = phasesOf(input, registry, ({ toml }) => {
    const tables = registriesOf(toml ?? "");
    const asked = listOf(tables[upstream]?.mirrors);
    const mirrors = asked.includes(registry) ? asked : [...asked, registry];
    return { [upstream]: { mirrors }, ...(scheme === "http" ? { [registry]: { http: true } } : {}) };
  });
  if (phases.length === 0) return already(input, mirror.url);
  return changing(input, phases, { listed: {}, mirrors: { [mirror.url]: true } });
}

/** @throws RegctlError CONFIG_CONFLICT, ENGINE_CANNOT, NO_RIGHTS */
export function planBuildxTrust(request: TrustRequest, input: BuildxInput): Plan {
  const { look, standing } = input;
  const { registry } = request.registry;
  if (request.system) throw cannotSystem(look);
  const certsFolder = certsFolderOf(look);
  const files = planCertificateFiles({ request, facts: look.facts, certsFolder, standing });
  const [cert, key] = clientPairOf(`${certsFolder}/${registry}`, request, look.facts, files);
  const builders = phasesOf(input, registry, (builder) => {
    const table = registriesOf(builder.toml ?? "")[registry] ?? {};
    const others = listOf(table.ca).filter((path) => !holds(builder, path, request));
    assertFree(look, builder, others, files.path);
    const keypair = request.client === null ? table.keypair : [{ key, cert }];
    const isTold = others.length < listOf(table.ca).length && request.client === null;
    const ca = isTold ? table.ca : [...others, files.path];
    return { [registry]: { http: undefined, insecure: undefined, ca, keypair } };
  });
  const mine = { uid: look.uid, gid: look.gid };
  const certificates = files.phases.flatMap(({ edits }) =>
    edits.map((edit) => (edit.before === null ? { ...edit, ...mine } : edit)),
  );
  const put: Phase[] =
    builders.length > 0 && certificates.length > 0 ? [quiet("what is to be trusted", certificates)] : [];
  return trustPlan({
    request,
    facts: look.facts,
    files,
    edits: builders.flatMap(({ edits }) => edits),
    before: input.before,
    wasInsecure: look.builders.some((builder) => isInsecureIn(builder, registry)),
    about: aboutBuildx(input),
    changing: (_edits, _why, expect) => changing(input, [...put, ...builders], expect),
  });
}

const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

function holds({ certificates }: Builder, path: string, { authority }: TrustRequest): boolean {
  return certificates[path] === authority.certificates.map(({ pem }) => pem).join("");
}

/** A builder has one folder for a registry's certificates, in which each goes by its last name. */
function assertFree(
  { facts, folder }: BuildxSite,
  { name }: Builder,
  others: readonly string[],
  path: string,
): void {
  const last = (each: string) => each.slice(each.lastIndexOf("/") + 1);
  const same = others.find((each) => last(each) === last(path));
  if (same === undefined) return;
  throw new RegctlError("CONFIG_CONFLICT", {
    host: facts.host,
    path: configOf(folder, name),
    problem: `the builder ${name} has another certificate of the name ${last(path)}`,
    remedy: `docker buildx rm ${name}, and make it again without that certificate`,
  });
}

/** Of each builder that is not as it shall be: what it has is kept, then it is made again. */
function phasesOf(
  { look }: BuildxInput,
  entry: string,
  wanted: (builder: Builder) => RegistryKeys,
): readonly Phase[] {
  return look.builders.flatMap((builder) => {
    const before = builder.toml ?? "";
    const after = withRegistryKeys(before, wanted(builder));
    if (after === before) return [];
    const note = { kind: "whole", before, after: asTakenAlong(look, builder, after) } as const;
    return phasesAgain(look, builder, after, { purpose: "list", format: builderFormat, entry, note });
  });
}

/** With the paths that the builder's certificates have when it is looked at the next time. */
function asTakenAlong({ folder }: BuildxSite, { name }: Builder, text: string): string {
  return Object.keys(registriesOf(text)).reduce((now, registry) => {
    const inside = registry.replace(/[^a-zA-Z0-9.-]+/g, "_");
    return now.replaceAll(`"${folder}/certs/${registry}/`, `"${folder}/${name}/certs/${inside}/`);
  }, text);
}

/** @param change what it is for; absent on the way back */
export function phasesAgain(
  look: BuildxSite,
  builder: Builder,
  after: string,
  change?: Change,
): readonly Phase[] {
  const { folder } = look;
  const [config, earlier] = [configOf(folder, builder.name), earlierOf(folder, builder.name)];
  const kept = { purpose: "file", format: "file", entry: builder.name, note: unchanged } as const;
  const own = change === undefined ? undefined : kept;
  const old = [
    editOf(look, earlier, builder.toml ?? "", own),
    ...Object.entries(builder.certificates).map(([path, text]) => editOf(look, path, text, own)),
  ].filter((edit) => edit.before !== edit.after);
  const commands = [againCommand(builder, config, earlier)];
  return [
    ...(old.length > 0 ? [quiet("keep what the builder has", old)] : []),
    {
      why: `make the builder ${builder.name} again with it`,
      edits: [editOf(look, config, after, change)].filter((edit) => edit.before !== edit.after),
      activation: {
        kind: "restart",
        commands,
        start: [["docker", "buildx", "inspect", builder.name]],
        stops: 0,
      },
      expect: { listed: {} },
    },
  ];
}

export function quiet(why: string, edits: readonly FileEdit[]): Phase {
  return { why, edits, activation: { kind: "none" }, expect: { listed: {} } };
}

function editOf(look: BuildxSite, path: string, after: string, change?: Change): FileEdit {
  const { text: before, target, mode, ...owner } = fileOf(look.facts, path);
  const isSecret = path.endsWith(".key");
  return {
    path,
    target,
    before,
    after,
    mode: before === null ? (isSecret ? "600" : "644") : mode,
    uid: before === null ? look.uid : owner.uid,
    gid: before === null ? look.gid : owner.gid,
    ...(isSecret ? { secret: true as const } : {}),
    ...(change ? { change } : {}),
    folders: foldersAbove(look.folder, path),
  };
}

/** That it ends with builds and not with its cache is said before anybody agrees. */
export function consentOf({ facts, builders }: BuildxSite, phases: readonly Phase[]): readonly Consent[] {
  const names = builders
    .map(({ name }) => name)
    .filter((name) => phases.some(({ why }) => why === `make the builder ${name} again with it`));
  if (names.length === 0) return [];
  return [
    {
      id: "restart",
      question: `Remove the builder ${names.join(" and ")} of ${facts.host} and make it again with the same name and options?`,
      details: ["builds that run in it end; its cache stays (--keep-state)"],
      flag: "--allow-restart",
    },
  ];
}

function changing(input: BuildxInput, phases: readonly Phase[], expect: Expectation): ChangePlan {
  const { look } = input;
  const asleep = look.builders.filter(({ runs }) => !runs).map(({ name }) => name);
  const notes = [
    ...(asleep.length > 0
      ? [`${asleep.join(", ")} does not run: it is asked nothing until its next build`]
      : []),
    ...look.others.map((name) => `${name} has several nodes, and is left as it is`),
  ];
  return {
    ...aboutBuildx(input),
    notes,
    kind: "change",
    phases: phases.map((phase, at) => (at === phases.length - 1 ? { ...phase, expect } : phase)),
    consents: consentOf(look, phases),
  };
}

function already(input: BuildxInput, detail: string): Plan {
  return { ...aboutBuildx(input), notes: [], kind: "nothing", why: "already", detail };
}

function cannotSystem({ facts }: BuildxSite): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host: facts.host,
    what: "--system",
    why: "a builder is a container, and reads nothing of the system's certificates",
    instead: ["leave out --system: the builder is given the certificate when it is made again"],
  });
}

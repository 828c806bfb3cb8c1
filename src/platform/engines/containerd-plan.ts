/** Plans for containerd: a hosts.toml for each registry, read with every request. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import { type Endpoint, type HostsToml, readHostsToml, renderHostsToml } from "../formats/hosts-toml.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { ChangePlan, Expectation, FileEdit, Phase, Plan } from "../plan.ts";
import { type CertificateFiles, planCertificateFiles } from "../trust/certificate-files.ts";
import { planSystemStore } from "../trust/system-files.ts";
import { type Looking, planLooking } from "./containerd-looking.ts";
import {
  emptyRules,
  hostOf,
  insecureRules,
  isInsecure,
  isOwn,
  mirrorRules,
  type Speaks,
  trustRules,
} from "./containerd-rules.ts";
import { type ContainerdSite, rulesOf } from "./containerd-site.ts";
import { editOfOwn } from "./own-files.ts";
import { downgradeOf, refusedNetwork } from "./usual-answers.ts";

export interface ContainerdInput {
  readonly evidence: readonly string[];
  readonly look: ContainerdSite;
  /** What came of its own request before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** What setup did and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

export const hostsFormat = "hosts.toml";

export function aboutContainerd({ look, evidence }: Pick<ContainerdInput, "look" | "evidence">) {
  return {
    host: look.facts.host,
    platform: "containerd",
    evidence,
    engine: "containerd",
    engineVersion: look.version,
    owner: "file" as const,
  };
}

export function hostsFileOf({ folder }: ContainerdSite, registry: string): string {
  return `${folder}/${registry}/hosts.toml`;
}

/** @throws RegctlError ENGINE_CANNOT, CONFIG_CONFLICT */
export function planContainerdInsecure({ registry: judged }: InsecureRequest, input: ContainerdInput): Plan {
  const { registry } = judged;
  if (judged.kind.startsWith("cidr"))
    throw refusedNetwork({ name: "containerd", title: "containerd" }, input.look.facts.host, registry);
  const path = hostsFileOf(input.look, registry);
  const about = { ...aboutContainerd(input), path };
  if (judged.loopback) return { ...about, notes: [], kind: "nothing", why: "loopback", detail: registry };
  const now = rulesOf(input.look).get(registry);
  const isTold = now?.hosts.some((rule) => isOwn(rule, registry) && isInsecure(rule)) === true;
  const looking = planLooking(input.look);
  if (isTold && looking.phase === null) {
    return { ...about, notes: looking.notes, kind: "nothing", why: "already", detail: registry };
  }
  const speaks = speaksBy(input.before);
  const edit = isTold
    ? null
    : editOf(input, registry, insecureRules(ownRules(input, registry), registry, speaks), registry);
  const guess =
    speaks === null && edit
      ? [`${registry} did not say whether it speaks HTTPS or HTTP: a push will try HTTPS alone`]
      : [];
  const expect = { listed: { [registry]: true } };
  return {
    ...about,
    ...changing([...(edit ? [edit] : [])], looking, "say that it is insecure", expect),
    notes: [...guess, ...looking.notes],
    consents: [
      ...(input.before === "trusted" && !isTold ? [downgradeOf(registry)] : []),
      ...looking.consents,
    ],
  };
}

function speaksBy(verdict: ProbeVerdict | null): Speaks {
  if (verdict === "protocol") return "http";
  return verdict === "trust" || verdict === "trusted" ? "https" : null;
}

/** @throws RegctlError CONFIG_CONFLICT */
export function planContainerdMirror({ mirror, upstream }: MirrorRequest, input: ContainerdInput): Plan {
  const about = { ...aboutContainerd(input), path: hostsFileOf(input.look, upstream) };
  const now = rulesOf(input.look).get(upstream);
  const looking = planLooking(input.look);
  const endpoint = { url: mirror.url.replace(/\/$/, ""), ...howOf(input, mirror.registry) };
  if (now?.hosts.some(({ url }) => url === endpoint.url) && looking.phase === null) {
    return { ...about, notes: looking.notes, kind: "nothing", why: "already", detail: mirror.url };
  }
  const own = ownRules(input, upstream);
  const edit = editOf(input, upstream, mirrorRules(own, upstream, endpoint), mirror.registry);
  const others = own.hosts.filter((rule) => !isOwn(rule, upstream) && hostOf(rule.url) !== mirror.registry);
  const order =
    others.length > 0 ? [`these are asked before it: ${others.map(({ url }) => url).join(", ")}`] : [];
  const expect = { listed: {}, mirrors: { [mirror.url]: true } };
  return {
    ...about,
    ...changing([...(edit ? [edit] : [])], looking, `ask it before ${upstream}`, expect),
    notes: [...order, ...looking.notes],
    consents: looking.consents,
  };
}

/** What is known of a mirror as a registry counts for it as a mirror too: containerd does not look that up. */
function howOf({ look }: ContainerdInput, registry: string): Pick<Endpoint, "ca" | "client" | "skipVerify"> {
  const rule = rulesOf(look)
    .get(registry)
    ?.hosts.find((each) => isOwn(each, registry));
  const whole = (name: string) => (name.startsWith("/") ? name : `${look.folder}/${registry}/${name}`);
  return {
    ...(rule?.skipVerify ? { skipVerify: true } : {}),
    ...(rule?.ca ? { ca: rule.ca.map(whole) } : {}),
    ...(rule?.client
      ? { client: rule.client.map(([one, other]) => [whole(one), whole(other)] as const) }
      : {}),
  };
}

/** @throws RegctlError CONFIG_CONFLICT, ENGINE_CANNOT, NO_RIGHTS */
export function planContainerdTrust(request: TrustRequest, input: ContainerdInput): Plan {
  const { look, standing } = input;
  const { facts, folder } = look;
  const { registry } = request.registry;
  const files = planCertificateFiles({ request, facts, certsFolder: folder, standing });
  const about = { ...aboutContainerd(input), path: files.path };
  const looking = planLooking(input.look);
  const notes = [...request.authority.notes, ...files.notes, ...looking.notes];
  const own = ownRules(input, registry);
  const listed = own.hosts.some((rule) => isOwn(rule, registry) && isInsecure(rule));
  const certificates = files.phases.flatMap(({ edits }) => edits);
  const rules = trustRules(own, registry, namesOf(request, files, certificates));
  const edit = editOf(input, registry, rules, registry);
  const edits = [...certificates, ...(edit ? [edit] : [])];
  const system = request.system ? planSystemStore({ request, facts }) : [];
  const bare = request.client === null && system.length === 0 && looking.phase === null;
  const shown = { ...about, notes, certificates: request.authority.certificates };
  if (bare && !listed && (input.before === "trusted" || (edits.length === 0 && input.before !== "trust"))) {
    return { ...shown, kind: "nothing", why: "trusted", detail: registry };
  }
  const expect = { listed: {}, trusted: [{ registry, mustAnswer: listed }] };
  const plan = changing(edits, looking, "the certificates that are to be trusted and shown", expect);
  const asks = files.writesAuthority || request.system ? request.authority.consent : null;
  const consents = [...(asks ? [asks] : []), ...looking.consents];
  return { ...shown, ...plan, phases: [...system, ...plan.phases], consents };
}

/** As hosts.toml names them: beside it. */
function namesOf(
  { client }: TrustRequest,
  { path }: CertificateFiles,
  edits: readonly FileEdit[],
): Pick<Endpoint, "ca" | "client"> {
  const base = (file: string) => file.slice(file.lastIndexOf("/") + 1);
  const name = edits.some((edit) => base(edit.path) === "regctl.cert") ? "regctl" : "client";
  return {
    ca: [base(path)],
    ...(client ? { client: [[`${name}.cert`, `${name}.key`] as const] } : {}),
  };
}

/** Our own rules, or none. @throws RegctlError CONFIG_CONFLICT for a file of somebody else's */
function ownRules(input: ContainerdInput, registry: string): HostsToml {
  const { look } = input;
  const path = hostsFileOf(look, registry);
  // Looked at before the folder of the registry's own name.
  const earlier = `${look.folder}/${registry.replace(/:(\d+)$/, "_$1_")}`;
  if (earlier !== `${look.folder}/${registry}` && isThere(look, `${earlier}/hosts.toml`)) {
    throw conflict(input, earlier, `${earlier} is there, and containerd reads that instead of ${path}`);
  }
  const { text } = fileOf(look.facts, path);
  const rules = text === null ? emptyRules(registry) : readHostsToml(text);
  if (rules) return rules;
  throw conflict(input, path, `${path} is somebody else's, and a registry has one such file`);
}

function isThere({ facts }: ContainerdSite, path: string): boolean {
  return fileOf(facts, path).text !== null;
}

function conflict({ look }: ContainerdInput, path: string, problem: string): RegctlError {
  return new RegctlError("CONFIG_CONFLICT", {
    host: look.facts.host,
    path,
    problem,
    remedy: `sudoedit ${path}`,
  });
}

function editOf(input: ContainerdInput, registry: string, rules: HostsToml, entry: string): FileEdit | null {
  const { facts, folder } = input.look;
  const path = hostsFileOf(input.look, registry);
  const folders = [`${folder}/${registry}`, folder];
  return editOfOwn(facts, { path, after: renderHostsToml(rules), format: hostsFormat, entry, folders });
}

function changing(
  edits: readonly FileEdit[],
  { phase }: Looking,
  why: string,
  expect: Expectation,
): Pick<ChangePlan, "kind" | "phases"> {
  const main: Phase = {
    why,
    edits: [...edits, ...(phase?.edits ?? [])],
    activation: phase?.activation ?? { kind: "read" },
    expect,
  };
  return { kind: "change", phases: [main] };
}

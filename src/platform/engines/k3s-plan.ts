/** Plans for nodes of k3s and RKE2. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import type { InsecureRequest, MirrorRequest, TrustRequest } from "../change-request.ts";
import type { Leaf, UndoNote } from "../formats/format.ts";
import { type RegistriesYaml, readRegistriesYaml, sameEndpoint } from "../formats/registries-yaml.ts";
import { addLeaves, removeLeaves } from "../formats/yaml-leaves.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { Activation, ChangePlan, Consent, Expectation, FileEdit, Plan } from "../plan.ts";
import { planCertificateFiles } from "../trust/certificate-files.ts";
import { foldersOf, type K3sSite, serviceOf } from "./k3s-site.ts";
import { clientPairOf, trustPlan } from "./trust-plan.ts";
import { aboutEngine, downgradeOf, refusedNetwork } from "./usual-answers.ts";

export interface K3sInput {
  readonly look: K3sSite;
  readonly evidence: readonly string[];
  /** What its containerd said when it was made to ask before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** What setup did on this node by this engine and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

export const registriesYaml = "registries.yaml";

export const certsFolderOf = ({ distribution }: K3sSite): string => `${distribution.folder}/certs.d`;

export function aboutK3s({ look, evidence }: Pick<K3sInput, "look" | "evidence">) {
  return aboutEngine(look.distribution.name, evidence, look);
}

/** @throws RegctlError ENGINE_CANNOT, CONFIG_CONFLICT */
export function planK3sInsecure({ registry: judged }: InsecureRequest, input: K3sInput): Plan {
  const { look } = input;
  const { registry } = judged;
  if (judged.kind.startsWith("cidr")) throw refusedNetwork(look.distribution, look.facts.host, registry);
  if (look.configured.tls[registry]?.insecure_skip_verify === false) {
    throw conflict(look, `insecure_skip_verify is false for ${registry}`);
  }
  // A registry with a certificate is asked over TLS first, as Docker does.
  const leaves = [
    ...missingEndpoints(look, registry, [`https://${registry}`, `http://${registry}`]),
    ...missingTls(look, registry, { insecure_skip_verify: true }),
  ];
  const edit = leaves.length === 0 ? null : edited(input, textOf(look), registry, leaves);
  const told = look.inForce.insecure.includes(registry);
  if (edit === null && (told || !look.service?.active)) return already(input, registry);
  const expect = { listed: { [registry]: true } };
  const plan = changing(input, edit ? [edit] : [], "say that it is insecure", expect);
  const asks = input.before === "trusted" ? [downgradeOf(registry)] : [];
  return { ...plan, consents: [...asks, ...plan.consents] };
}

/** @throws RegctlError CONFIG_CONFLICT */
export function planK3sMirror({ mirror, upstream }: MirrorRequest, input: K3sInput): Plan {
  const { look } = input;
  const leaves = missingEndpoints(look, upstream, [mirror.url.replace(/\/$/, "")]);
  const edit = leaves.length === 0 ? null : edited(input, textOf(look), mirror.registry, leaves);
  const told = look.inForce.mirrors[upstream]?.includes(mirror.url) === true;
  if (edit === null && (told || !look.service?.active)) return already(input, mirror.url);
  const expect = { listed: {}, mirrors: { [mirror.url]: true } };
  const plan = changing(input, edit ? [edit] : [], `ask it before ${upstream}`, expect);
  const others = look.configured.endpoints[upstream] ?? [];
  const order = others.length > 0 ? [`these are asked before it: ${others.join(", ")}`] : [];
  return { ...plan, notes: [...order, ...plan.notes] };
}

/** @throws RegctlError CONFIG_CONFLICT, ENGINE_CANNOT, NO_RIGHTS */
export function planK3sTrust(request: TrustRequest, input: K3sInput): Plan {
  const { look, standing } = input;
  const { registry } = request.registry;
  const files = planCertificateFiles({
    request,
    facts: look.facts,
    certsFolder: certsFolderOf(look),
    standing,
  });
  const folder = `${certsFolderOf(look)}/${registry}`;
  const pair = clientPairOf(folder, request, look.facts, files);
  const client = request.client === null ? {} : { cert_file: pair[0], key_file: pair[1] };
  const wanted = { ca_file: files.path, ...client };
  const { text, wasInsecure } = withoutOurInsecure(input, registry);
  const left = { ...look, configured: readRegistriesYaml(text) };
  if (saysInsecure(left.configured, registry)) {
    throw conflict(look, `it says that ${registry} is insecure, so no certificate of it is verified`);
  }
  const leaves = [
    ...missingEndpoints(left, registry, [`https://${registry}`]),
    ...missingTls(left, registry, wanted),
  ];
  const edit = leaves.length === 0 && !wasInsecure ? null : edited(input, text, registry, leaves);
  const certificates = files.phases.flatMap(({ edits }) => edits);
  return trustPlan({
    request,
    facts: look.facts,
    files,
    edits: [...certificates, ...(edit ? [edit] : [])],
    before: input.before,
    wasInsecure,
    about: aboutK3s(input),
    changing: (edits, why, expect) => changing(input, edits, why, expect),
  });
}

/** How a change of the file is read: by a restart, which is asked for and which pods live through. */
export function activationOf(look: K3sSite): {
  readonly activation: Activation;
  readonly consents: readonly Consent[];
  /** Why nothing can prove it now. */
  readonly unproved?: string;
} {
  const { title } = look.distribution;
  const { restart, start } = serviceOf(look);
  if (!look.service?.active || restart === null || start === null) {
    const unproved = `${title} does not run here by a service, and reads ${look.path} when it starts: nothing was asked`;
    return { activation: { kind: "none" }, consents: [], unproved };
  }
  const consent: Consent = {
    id: "restart",
    question: `Restart ${look.service.name} on ${look.facts.host}? It reads ${registriesYaml} at its start alone.`,
    details: ["pods keep running; the node answers nothing while it starts"],
    flag: "--allow-restart",
  };
  return { activation: { kind: "restart", commands: restart, start, stops: 0 }, consents: [consent] };
}

function changing(input: K3sInput, edits: readonly FileEdit[], why: string, expect: Expectation): ChangePlan {
  const { activation, consents, unproved } = activationOf(input.look);
  const phase = { why, edits, activation, expect: unproved === undefined ? expect : { listed: {} } };
  const everyNode = "every node of the cluster has a file of its own: name the others with --on";
  return {
    ...aboutK3s(input),
    notes: [everyNode],
    kind: "change",
    phases: [phase],
    consents,
    ...(unproved === undefined ? {} : { unproved }),
  };
}

function already(input: K3sInput, detail: string): Plan {
  return { ...aboutK3s(input), notes: [], kind: "nothing", why: "already", detail };
}

const textOf = ({ facts, path }: K3sSite): string | null => fileOf(facts, path).text;

function missingEndpoints(look: K3sSite, registry: string, urls: readonly string[]): readonly Leaf[] {
  const there = look.configured.endpoints[registry] ?? [];
  return urls
    .filter((url) => !there.some((each) => sameEndpoint(each, url)))
    .map((item) => ({ path: ["mirrors", registry, "endpoint"], item }));
}

/** @throws RegctlError CONFIG_CONFLICT where another value stands */
function missingTls(
  look: K3sSite,
  registry: string,
  wanted: Readonly<Record<string, string | boolean>>,
): readonly Leaf[] {
  const there = look.configured.tls[registry] ?? {};
  return Object.entries(wanted).flatMap(([key, value]) => {
    if (there[key] === value) return [];
    if (there[key] !== undefined) throw conflict(look, `it has another ${key} for ${registry}`);
    return [{ path: ["configs", registry, "tls", key], value }];
  });
}

function notesOf(input: K3sInput): readonly UndoNote[] {
  return input.standing
    .flatMap(({ edits }) => edits)
    .flatMap(({ path, change }) => (path === input.look.path && change ? [change.note] : []));
}

/** @throws RegctlError CONFIG_CONFLICT */
function edited(input: K3sInput, text: string | null, entry: string, leaves: readonly Leaf[]): FileEdit {
  const { look } = input;
  const made = addLeaves(text, leaves, notesOf(input));
  if (made === null) throw conflict(look, "it is written so that nothing can be added to it by itself");
  const { target, text: before, mode, uid, gid } = fileOf(look.facts, look.path);
  const missing = foldersOf(look.path).filter((folder) => {
    const { text: content, unreadable } = fileOf(look.facts, folder);
    return content === null && !unreadable;
  });
  return {
    path: look.path,
    target,
    before,
    after: made.text,
    // It is the place for logins, too.
    mode: before === null ? "600" : mode,
    uid: before === null ? 0 : uid,
    gid: before === null ? 0 : gid,
    change: { purpose: "file", format: registriesYaml, entry, note: made.note },
    ...(missing.length > 0 ? { folders: missing } : {}),
  };
}

export function saysInsecure({ tls, endpoints }: RegistriesYaml, registry: string): boolean {
  return (
    tls[registry]?.insecure_skip_verify === true ||
    endpoints[registry]?.some((url) => sameEndpoint(url, `http://${registry}`)) === true
  );
}

/** The text without what `setup insecure` put there. */
function withoutOurInsecure(input: K3sInput, registry: string) {
  const entries = input.standing.filter((each) => each.action === "insecure" && each.registry === registry);
  const notes = notesOf({ ...input, standing: entries });
  const text = notes.reduce<string | null>(
    (left, note) => (left === null ? null : removeLeaves(left, note)),
    textOf(input.look),
  );
  return { text, wasInsecure: notes.length > 0 && saysInsecure(input.look.configured, registry) };
}

function conflict({ facts, path }: K3sSite, problem: string): RegctlError {
  return new RegctlError("CONFIG_CONFLICT", { host: facts.host, path, problem, remedy: `sudoedit ${path}` });
}

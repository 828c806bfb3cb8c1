/**
 * k3s and RKE2: `registries.yaml` on each node, certificates beside it. They read both when they start, so a restart is
 * part of a change; containers outlive it. Proved by the files that containerd was given, and by its own pull.
 */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { isReferable, sameMirror } from "../engine-entry.ts";
import type { HostFacts } from "../facts.ts";
import { readRegistriesYaml, sameEndpoint } from "../formats/registries-yaml.ts";
import { removeLeaves } from "../formats/yaml-leaves.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import type { Expectation, Plan } from "../plan.ts";
import { standingEntries } from "../plan-undo.ts";
import type { Service } from "../platform.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { systemPathsToLookAt } from "../trust/system-files.ts";
import { probeByCommand, programPerCommand } from "./asked-by-command.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";
import {
  aboutK3s,
  activationOf,
  certsFolderOf,
  planK3sInsecure,
  planK3sMirror,
  planK3sTrust,
  registriesYaml,
  saysInsecure,
} from "./k3s-plan.ts";
import { type Distribution, type K3sSite, lookAtK3s, serviceOf } from "./k3s-site.ts";
import { entriesOf, planOwnUndo } from "./own-undo.ts";

const socket = "unix:///run/k3s/containerd/containerd.sock";

export const k3s = kindOf({
  name: "k3s",
  title: "k3s",
  program: "k3s",
  folder: "/etc/rancher/k3s",
  data: "/var/lib/rancher/k3s",
  services: ["k3s", "k3s-agent"],
  crictl: () => ["k3s", "crictl", "--runtime-endpoint", socket],
});

export const rke2 = kindOf({
  name: "rke2",
  title: "RKE2",
  program: "rke2",
  folder: "/etc/rancher/rke2",
  data: "/var/lib/rancher/rke2",
  services: ["rke2-server", "rke2-agent"],
  crictl: (data) => [`${data}/bin/crictl`, "--runtime-endpoint", socket],
});

function kindOf(distribution: Distribution): EngineKind {
  const { name, title } = distribution;
  const find: EngineKind["find"] = ({ markers }) => (markers.has(name) ? [`${title} is there`] : null);
  const evidenceOf = (site: EngineSite) => find(site.facts) ?? ["--engine names it"];
  return {
    name,
    title,
    find,
    plan: async (request, site) => {
      const look = await lookAtK3s(site, distribution);
      const evidence = evidenceOf(site);
      if (request.kind === "undo") return await undo(request, site, look, evidence);
      return { plan: await change(request, site, look, evidence), undoes: [] };
    },
    service: ({ facts }) => assumedService(distribution, facts),
    told: (site) => ({
      ...programPerCommand,
      info: async () => {
        const look = await lookAtK3s(site, distribution);
        await assertAnswers(look, site);
        return {
          insecureCidrs: [],
          indexes: look.inForce.insecure.map((registry) => ({ registry, secure: false, mirrors: [] })),
          mirrors: Object.values(look.inForce.mirrors).flat(),
          liveRestore: false,
        };
      },
      probeRegistry: async (reference, timeoutMs) =>
        await probe(await lookAtK3s(site, distribution), site, reference, timeoutMs),
    }),
    status: async (site, wanted) => statusOf(await lookAtK3s(site, distribution), site, wanted),
  };
}

const pathScript = 'PATH=$PATH:/usr/local/bin:/opt/rke2/bin; export PATH; exec "$@"';

/**
 * An image that is not there, pulled as kubelet would have it pulled. Of all the addresses that were asked containerd
 * may name the default one's error, which is TLS whatever stands before it: of a registry of HTTP that tells nothing.
 */
async function probe(
  { distribution, data, inForce }: K3sSite,
  site: EngineSite,
  reference: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const argv = ["sh", "-c", pathScript, "regctl-probe", ...distribution.crictl(data), "pull", reference];
  const answer = await probeByCommand(site.root ?? site.host, argv, timeoutMs);
  const isPlain = inForce.insecure.includes(reference.slice(0, reference.indexOf("/")));
  return isPlain && judgeProbe(answer).verdict === "protocol"
    ? { status: 0, message: `${distribution.title} cannot ask a registry of HTTP for what is not there` }
    : answer;
}

/** Which of its services the host has is not known without a look: the log is that of any of them. */
function assumedService({ services }: Distribution, { init }: HostFacts): Service {
  const [name = ""] = services;
  const manager = init === "openrc" ? "openrc" : "systemd";
  const service = serviceOf({ service: { name, active: true, manager } });
  const units = services.flatMap((each) => ["-u", each]);
  return manager === "openrc"
    ? service
    : { ...service, log: ["journalctl", ...units, "-n", "20", "--no-pager", "-o", "cat"] };
}

async function assertAnswers({ service, distribution }: K3sSite, site: EngineSite): Promise<void> {
  const path = socket.replace("unix://", "");
  const actor = site.root ?? site.host;
  const { code } = await actor.run(["sh", "-c", '[ -S "$1" ]', "regctl-socket", path], { timeoutMs: 20_000 });
  if (service?.active && code === 0) return;
  const reason = service?.active ? `${path} is not there` : `${distribution.title} does not run`;
  throw new RegctlError("ENGINE_UNREACHABLE", { host: site.facts.host, tried: [path], reason });
}

async function change(
  request: Exclude<ChangeRequest, UndoRequest>,
  site: EngineSite,
  look: K3sSite,
  evidence: readonly string[],
): Promise<Plan> {
  const { name } = look.distribution;
  const journal = parseJournal(site.facts.journal).filter(({ engine }) => engine === name);
  const input = { look, evidence, before: null, standing: standingEntries(journal) };
  if (request.kind === "mirror") return planK3sMirror(request, input);
  const before = await verdictOf(site, look, request.registry.registry);
  if (request.kind === "insecure") return planK3sInsecure(request, { ...input, before });
  const paths = [
    ...pathsToLookAt(certsFolderOf(look), request.registry.registry),
    ...systemPathsToLookAt({ request, facts: site.facts }),
  ];
  const files = await readHostFiles(site.root ?? site.host, paths);
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return planK3sTrust(request, { ...input, look: { ...look, facts }, before });
}

const probeTimeoutMs = 5_000;

/** Of a registry that is insecure already its certificate says nothing. */
async function verdictOf(site: EngineSite, look: K3sSite, registry: string) {
  if (!look.service?.active || !isReferable(registry) || look.inForce.insecure.includes(registry))
    return null;
  return judgeProbe(await probe(look, site, `${registry}/regctl-probe:latest`, probeTimeoutMs)).verdict;
}

async function undo(
  request: UndoRequest,
  site: EngineSite,
  look: K3sSite,
  evidence: readonly string[],
): Promise<Planned> {
  const to = entriesOf(look.distribution.name, request, site.facts);
  const { activation, consents, unproved } = activationOf(look);
  const { registry } = to;
  const planned = await planOwnUndo(to, site, {
    about: aboutK3s({ look, evidence }),
    path: look.path,
    without: {
      [registriesYaml]: (text, _entry, { change: made }) => (made ? removeLeaves(text, made.note) : text),
    },
    activation,
    toldByOthers: look.inForce.insecure.includes(registry),
    expect: (after) =>
      unproved === undefined ? goneFrom(after.get(look.path), look, registry) : { listed: {} },
  });
  const { plan } = planned;
  if (plan.kind === "nothing") return planned;
  return { ...planned, plan: { ...plan, consents, ...(unproved === undefined ? {} : { unproved }) } };
}

/** What nobody else says is not in force any more. */
function goneFrom(text: string | null | undefined, look: K3sSite, registry: string): Expectation {
  const left = text === undefined ? look.configured : readRegistriesYaml(text);
  const urls = Object.values(left.endpoints).flat();
  const isLeft = (url: string) => urls.some((each) => sameEndpoint(each, url));
  const mirrors = Object.values(look.inForce.mirrors)
    .flat()
    .filter((url) => new URL(url).host === registry && !isLeft(url));
  return {
    listed: saysInsecure(left, registry) ? {} : { [registry]: false },
    mirrors: Object.fromEntries(mirrors.map((url) => [url, false])),
  };
}

async function statusOf(look: K3sSite, site: EngineSite, wanted: string | null) {
  const { configured, inForce, service, distribution } = look;
  const names = [...Object.keys(configured.endpoints), ...Object.keys(configured.tls), ...inForce.insecure];
  const isInsecure = (registry: string) => saysInsecure(configured, registry);
  const known = (told: boolean) => (service?.active ? told : null);
  const listed = [...new Set(names)].filter((name) => isInsecure(name) || inForce.insecure.includes(name));
  const registries = (wanted === null ? listed : [wanted]).map((registry) => ({
    registry,
    configured: isInsecure(registry),
    effective: known(inForce.insecure.includes(registry)),
  }));
  const mirrorsOf = Object.entries(configured.endpoints).flatMap(([registry, urls]) =>
    urls
      .filter((url) => URL.canParse(url) && new URL(url).host !== registry)
      .map((url) => `${new URL(url).origin}/`),
  );
  const forced = Object.values(inForce.mirrors).flat();
  const mirrors = [...new Set([...mirrorsOf, ...forced])]
    .filter((url) => wanted === null || new URL(url).host === wanted)
    .map((url) => ({
      url,
      configured: mirrorsOf.some((each) => sameMirror(each, url)),
      effective: known(forced.some((each) => sameMirror(each, url))),
    }));
  const isPending = [...registries, ...mirrors].some((each) => each.effective === !each.configured);
  return {
    version: look.version,
    path: look.path,
    registries,
    mirrors,
    trusted: await certificatesOn(site, wanted, certsFolderOf(look)),
    problem: isPending
      ? `${distribution.title} reads ${look.path} at its start: what stands there waits for a restart of ${service?.name}`
      : null,
  };
}

/** How Docker's engine comes to trust a registry's certificate: files in `certs.d`, and no insecure entry beside them. */
import type { ProbeVerdict } from "../engine/probe.ts";
import { RegctlError } from "../errors.ts";
import type { TrustRequest } from "./change-request.ts";
import { matchesEntry, sameEntry } from "./engine-entry.ts";
import { type EngineFacts, engineVersionOf, type HostFacts } from "./facts.ts";
import { insecureRegistries } from "./formats/format.ts";
import type { JournalEntry } from "./journal.ts";
import { findOwner, type ListOwner } from "./owner.ts";
import type { ChangePlan, Consent, Phase, Plan } from "./plan.ts";
import { aboutPlan, planActivation, planLiveRestore, requireEngine, restartConsents } from "./plan-parts.ts";
import { interruptedOwner, noUnlisting, planUnlisting } from "./plan-unlisting.ts";
import type { WrittenPlatform } from "./platform.ts";
import { insecureByDefault } from "./registry-name.ts";
import { staleNotes } from "./stale-notes.ts";
import { planCertificateFiles } from "./trust/certificate-files.ts";
import { planSystemStore } from "./trust/system-files.ts";

export interface TrustInput {
  readonly request: TrustRequest;
  /** With the files of the registry's folder and of the system's store. */
  readonly facts: HostFacts;
  readonly platform: WrittenPlatform;
  readonly evidence: readonly string[];
  /** Where the engine looks for certificates: `/etc/docker/certs.d`. */
  readonly certsFolder: string;
  /** What came of the engine's own request before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** The registry's name, looked up where the engine is, leads into such a network of its list. */
  readonly leadsInto: "loopback" | "network" | null;
  /** Of this registry, what setup did and what still stands, oldest first. */
  readonly standing: readonly JournalEntry[];
}

/**
 * The certificate first, then the insecure entry goes, for that would switch the certificate off.
 * @throws RegctlError CONFIG_BROKEN, CONFIG_CONFLICT, ENGINE_CANNOT, ENGINE_UNREACHABLE, NO_RIGHTS, PLATFORM_NOT_WRITTEN
 */
export function planTrust(input: TrustInput): Plan {
  const { request, facts, platform } = input;
  const { registry } = request.registry;
  const engine = requireEngine(facts);
  const owner =
    interruptedOwner({ facts, registry, standing: input.standing }, platform) ??
    findOwner(facts, platform, insecureRegistries);
  const files = planCertificateFiles(input);
  const about = {
    ...aboutPlan(facts, platform, input.evidence, owner),
    owner: "file" as const,
    certificates: request.authority.certificates,
    path: files.path,
    notes: [...request.authority.notes, ...files.notes, ...notesOf(input)],
  };
  if (insecureByDefault(request.registry, engineVersionOf(facts) ?? undefined)) {
    return { ...about, kind: "nothing", why: "loopback", detail: registry };
  }
  refuseNetwork(input, engine, owner);
  const listed = [...owner.listed, ...engine.insecure].some((entry) => sameEntry(entry, registry));
  const takesAtStart = platform.home?.(facts).inVm === true && !listed;
  const written = takesAtStart ? files.phases.map((phase) => startedAnew(input, owner, phase)) : files.phases;
  const certificates = [...written, ...(request.system ? planSystemStore(input) : [])];
  const isWritten = certificates.every(({ edits }) => edits.length === 0);
  if (!listed && isWritten && input.before !== "trust") {
    return { ...about, kind: "nothing", why: "trusted", detail: registry };
  }
  const bareTrust = request.client === null && !request.system && input.leadsInto === null;
  if (!listed && input.before === "trusted" && bareTrust) {
    return { ...about, kind: "nothing", why: "trusted", detail: registry };
  }
  const out = listed ? unlist(input, owner, engine) : noUnlisting;
  const phases = [...certificates, ...out.phases];
  const change: ChangePlan = {
    ...about,
    kind: "change",
    phases: proving(phases, registry, listed),
    notes: [...about.notes, ...staleNotes(facts, platform, owner, phases)],
    consents: [],
  };
  const asks = files.writesAuthority || request.system ? request.authority.consent : null;
  return { ...change, consents: [...(asks ? [asks] : []), ...out.consents, ...restartConsents(change)] };
}

/** An engine in a virtual machine gets its certificates when it starts. */
function startedAnew({ facts, platform }: TrustInput, owner: ListOwner, phase: Phase): Phase {
  return { ...phase, activation: planActivation(facts, platform, owner, requireEngine(facts)) };
}

function notesOf({ request, facts, platform, leadsInto }: TrustInput): readonly string[] {
  const { registry, port } = request.registry;
  const other = port === 443 ? registry.replace(/:443$/, "") : `${registry}:443`;
  const spelling =
    port === undefined || port === 443
      ? [
          `it counts for images named ${registry}/…, and not for ${other}/…, which is another name to the engine`,
        ]
      : [];
  const blind =
    leadsInto === "loopback"
      ? [
          `the name leads to the engine's own machine, where it verifies no certificate, so its answer proves little`,
        ]
      : [];
  const lost =
    platform.name === "boot2docker" && !platform.keepsDaemonJson(facts)
      ? ["what stands in /etc/docker is lost there at the next reboot"]
      : [];
  return [...spelling, ...blind, ...lost];
}

/** The engine asks a registry of an insecure network without looking at its certificate: nothing could be proved. */
function refuseNetwork(input: TrustInput, engine: EngineFacts, owner: ListOwner): void {
  const { registry } = input.request.registry;
  const network = engine.insecure.find(
    (entry) => !sameEntry(entry, registry) && matchesEntry(entry, registry),
  );
  if (network === undefined && input.leadsInto !== "network") return;
  const which = network ?? "a network of its list, into which the name leads,";
  throw new RegctlError("CONFIG_CONFLICT", {
    host: input.facts.host,
    path: owner.source.path,
    problem: `the engine lists ${which} as insecure, and so verifies no certificate of ${registry}`,
    remedy: network === undefined ? "regctl setup status" : `regctl setup undo ${network}`,
  });
}

function unlist(input: TrustInput, owner: ListOwner, engine: EngineFacts) {
  const { facts, platform } = input;
  const { registry } = input.request.registry;
  const activation = planActivation(facts, platform, owner, engine);
  const liveRestore = planLiveRestore(facts, platform, owner, engine, activation);
  const spared = liveRestore && activation.kind === "restart" ? { ...activation, stops: 0 } : activation;
  const out = planUnlisting({ facts, owner, registry, activation: spared, standing: input.standing });
  const consents: readonly Consent[] = out.theirs
    ? [
        {
          id: "unlist",
          question: `${registry} is listed as insecure on ${facts.host}, and not by regctl. Take it out of the list?`,
          details: ["as long as it is listed, the engine verifies no certificate of it"],
          flag: "--yes",
        },
      ]
    : [];
  return { phases: [...(liveRestore ? [liveRestore] : []), ...out.phases], consents };
}

/** The proof comes after everything. What worked by the insecure entry must work without it. */
function proving(phases: readonly Phase[], registry: string, listed: boolean): readonly Phase[] {
  const last = phases.at(-1) ?? {
    why: "the certificate is there already",
    edits: [],
    activation: { kind: "none" as const },
    expect: { listed: {} },
  };
  const expect = { ...last.expect, trusted: [{ registry, mustAnswer: listed }] };
  return [...phases.slice(0, -1), { ...last, expect }];
}

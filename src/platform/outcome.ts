/** What setup commands return: exactly their JSON documents (docs/json.md). */
import { createTwoFilesPatch } from "diff";
import type { ErrorFacts } from "../errors.ts";
import type { HostFacts } from "./facts.ts";
import { appliedBy, type ChangePlan, type Plan } from "./plan.ts";
import { type CertificateFacts, dayOf } from "./trust/certificate.ts";

export interface EngineOutcome {
  readonly name: string;
  readonly version: string | null;
}

export interface ErrorOutcome {
  readonly code: string;
  readonly message: string;
  readonly remedies: readonly string[];
}

/** One thing that was or would be done, with the very command where there is one. */
export type StepOutcome =
  | { readonly kind: "write"; readonly path: string; readonly why: string }
  | { readonly kind: "remove"; readonly path: string; readonly why: string }
  | { readonly kind: "reload"; readonly command: readonly string[]; readonly why: string }
  | {
      readonly kind: "restart";
      readonly command: readonly string[];
      readonly why: string;
      readonly stops: number;
    }
  | { readonly kind: "run"; readonly command: readonly string[]; readonly why: string }
  | {
      readonly kind: "prove";
      readonly listed: Readonly<Record<string, boolean>>;
      readonly liveRestore?: boolean;
      readonly mirrors?: Readonly<Record<string, boolean>>;
      /** Registries that the engine is made to ask over TLS. */
      readonly trusted?: readonly string[];
    };

export interface CertificateOutcome {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** `sha256:…` */
  readonly fingerprint: string;
  /** It may sign others; else it is the server's own. */
  readonly isAuthority: boolean;
}

export interface HostOutcome {
  readonly host: string;
  readonly platform: string | null;
  readonly engine: EngineOutcome | null;
  /** Which one is told, as in `--engine`. */
  readonly engineKind?: string;
  /** With `--dry-run`: what would be. */
  readonly changed: boolean;
  readonly applied: "reload" | "restart" | "none";
  /** The running engine says so, seen by this run. */
  readonly proved: boolean;
  readonly backup: string | null;
  readonly steps: readonly StepOutcome[];
  /** Unified; empty when no file changes. */
  readonly diff: string;
  readonly evidence: readonly string[];
  readonly owner: "file" | "flags" | "none" | null;
  readonly path: string | null;
  /** Why there is nothing to do: `already`, `covered`, `loopback`, `trusted`, `not-there`, `not-ours`. */
  readonly nothing: string | null;
  readonly detail: string | null;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** `setup trust`: what is trusted now. */
  readonly certificates?: readonly CertificateOutcome[];
  /** With `--print`: lines for a person to paste. */
  readonly paste?: readonly string[];
  readonly error?: ErrorOutcome;
}

export interface SetupOutcome {
  readonly registry: string;
  readonly dryRun: boolean;
  readonly hosts: readonly HostOutcome[];
  /** Present, and false, when a host of several failed. */
  readonly ok?: false;
  /** What was changed in the name that was typed, and what else a person should know. */
  readonly notes: readonly string[];
  /** Set when this run made it the default registry. */
  readonly defaultRegistry?: string;
  /** `setup mirror`: its URL, and the registry whose images it has. */
  readonly mirror?: { readonly url: string; readonly upstream: string };
}

/** A plan as an outcome that nothing has been done for yet. Pure. */
export function outcomeOf(plan: Plan, facts: HostFacts): HostOutcome {
  const change = plan.kind === "change";
  return {
    host: facts.host,
    platform: plan.platform,
    engine: { name: nameOf(plan, facts), version: plan.engineVersion },
    ...(plan.engine === undefined ? {} : { engineKind: plan.engine }),
    changed: change,
    applied: appliedBy(plan),
    proved: !change && plan.why !== "not-ours",
    backup: null,
    steps: change ? stepsOf(plan) : [],
    diff: change ? diffOf(plan) : "",
    evidence: plan.evidence,
    owner: plan.owner,
    path: plan.path,
    nothing: change ? null : plan.why,
    detail: change ? null : plan.detail,
    notes: plan.notes,
    warnings: [],
    ...(plan.certificates ? { certificates: plan.certificates.map(certificateOf) } : {}),
  };
}

/** Docker's engine has the name of its machine; others have none but their own. */
function nameOf({ engine = "docker" }: Plan, facts: HostFacts): string {
  return engine === "docker" ? (facts.engine?.name ?? "") : engine;
}

function certificateOf({ pem: _, isAuthority, selfSigned: __, ...certificate }: CertificateFacts) {
  const { notBefore, notAfter } = certificate;
  return { ...certificate, notBefore: dayOf(notBefore), notAfter: dayOf(notAfter), isAuthority };
}

/** Where nothing is written, and a person was to be told what to paste. Pure. */
export function pastedOutcome(facts: ErrorFacts["PLATFORM_NOT_WRITTEN"]): HostOutcome {
  const { host, platform, name = null, why, evidence, paste } = facts;
  const note = `${host} is ${platform}, which regctl does not change by itself${why ? `: ${why}` : ""}`;
  return { ...unchangedOutcome(host), platform: name, evidence, paste, notes: [note] };
}

export function failedOutcome(host: string, error: ErrorOutcome): HostOutcome {
  return { ...unchangedOutcome(host), error };
}

function unchangedOutcome(host: string): HostOutcome {
  return {
    host,
    platform: null,
    engine: null,
    changed: false,
    applied: "none",
    proved: false,
    backup: null,
    steps: [],
    diff: "",
    evidence: [],
    owner: null,
    path: null,
    nothing: null,
    detail: null,
    notes: [],
    warnings: [],
  };
}

function stepsOf(plan: ChangePlan): readonly StepOutcome[] {
  return plan.phases.flatMap((phase) => {
    const { why, activation, expect } = phase;
    const writes: StepOutcome[] = phase.edits.map((edit) => ({
      kind: edit.after === null ? "remove" : "write",
      path: edit.path,
      why,
    }));
    const { trusted, ...told } = expect;
    const proof: StepOutcome = {
      kind: "prove",
      ...told,
      ...(trusted ? { trusted: trusted.map(({ registry }) => registry) } : {}),
    };
    if (activation.kind === "none") return trusted ? [...writes, proof] : writes;
    if (activation.kind === "read") return [...writes, proof];
    if (activation.kind === "command") {
      const runs = activation.commands.map((command): StepOutcome => ({ kind: "run", command, why }));
      return [...writes, ...runs, ...(trusted ? [proof] : [])];
    }
    const acts: StepOutcome[] =
      activation.kind === "reload"
        ? [{ kind: "reload", command: activation.command, why }]
        : activation.commands.map((command, index) => ({
            kind: "restart",
            command,
            why,
            // What goes before the restart itself stops nothing.
            stops: index === activation.commands.length - 1 ? activation.stops : 0,
          }));
    return [...writes, ...acts, proof];
  });
}

/** Every file that ends up other than it began, once, as a unified diff. */
function diffOf(plan: ChangePlan): string {
  const files = new Map<string, { before: string | null; after: string | null }>();
  for (const edit of plan.phases.flatMap((phase) => phase.edits)) {
    const first = files.get(edit.path);
    const shown = (text: string | null) => (edit.secret && text !== null ? "(not shown)\n" : text);
    files.set(edit.path, { before: first ? first.before : shown(edit.before), after: shown(edit.after) });
  }
  return [...files]
    .filter(([, { before, after }]) => before !== after)
    .map(([path, { before, after }]) =>
      createTwoFilesPatch(
        before === null ? "/dev/null" : path,
        after === null ? "/dev/null" : path,
        before ?? "",
        after ?? "",
        "",
        "",
      )
        .split("\n")
        .filter((line, index) => index > 1 || !/^(Index: |=+$)/.test(line))
        .map((line) => line.replace(/^(---|\+\+\+) (.*?)\t$/, "$1 $2"))
        .join("\n"),
    )
    .join("");
}

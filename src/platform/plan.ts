/**
 * What is going to be done to one host, as data. A plan is made of phases; a phase writes files, makes the engine
 * take notice, and says what must then be true. Preview, execution, rollback and undo all read the same plan.
 */
import type { Setting, UndoNote } from "./formats/format.ts";
import type { CertificateFacts } from "./trust/certificate.ts";

/** One file replaced as a whole. `null` texts mean that there is no such file. */
export interface FileEdit {
  readonly path: string;
  /** Where symlinks lead: that file is replaced, the links stay. */
  readonly target: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Of the old file, kept for the new one; of a new file, 644 root. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** What it is for, and how to take it back later; absent on the way back. */
  readonly change?: Change;
  /** Folders that come with a new file, innermost first: they go with it once they are empty. */
  readonly folders?: readonly string[];
  /** Its text is shown nowhere: a private key. */
  readonly secret?: true;
}

/**
 * What an edit was for, kept in the journal so that undo takes back that and nothing else: `list` added an entry to a
 * list, `unlist` took one out, `live-restore` set a switch, `file` put a file of our own there.
 */
export interface Change {
  readonly purpose: "list" | "unlist" | "live-restore" | "file";
  /** Of which list; that of insecure registries when left out, as journals of old do. */
  readonly setting?: Setting["key"];
  readonly format: string;
  readonly entry: string;
  readonly note: UndoNote;
  /** `unlist`: the entry was one of setup's own, and does not come back. */
  readonly ours?: true;
}

export type Activation =
  | { readonly kind: "none" }
  /** Nothing has to be told: the engine reads its files with every command. What it says then is looked at. */
  | { readonly kind: "read" }
  | { readonly kind: "reload"; readonly command: readonly string[] }
  /** Commands that concern no engine: the certificates of the operating system are collected anew. */
  | { readonly kind: "command"; readonly commands: readonly (readonly string[])[] }
  | {
      readonly kind: "restart";
      readonly commands: readonly (readonly string[])[];
      readonly start: readonly (readonly string[])[];
      /** Containers that stop for it. */
      readonly stops: number;
    };

/** What the engine must say afterwards; things not named may be as they like. */
export interface Expectation {
  readonly listed: Readonly<Record<string, boolean>>;
  readonly liveRestore?: boolean;
  /** URLs of mirrors, as the engine shows them. */
  readonly mirrors?: Readonly<Record<string, boolean>>;
  /** Registries to which the engine itself must then speak TLS that verifies. */
  readonly trusted?: readonly TrustExpectation[];
}

export interface TrustExpectation {
  readonly registry: string;
  /** No answer at all will not do: what worked before was taken away for it. */
  readonly mustAnswer: boolean;
}

export interface Phase {
  readonly why: string;
  readonly edits: readonly FileEdit[];
  readonly activation: Activation;
  readonly expect: Expectation;
}

/** A consent that the plan needs before it may run. */
export interface Consent {
  readonly id: "restart" | "downgrade" | "unlist" | "certificate";
  readonly question: string;
  readonly details: readonly string[];
  /** `--allow-restart`, `--yes`, or a flag with its value that alone answers it: `--fingerprint sha256:…`. */
  readonly flag: string;
}

interface PlanBase {
  readonly host: string;
  readonly platform: string;
  readonly evidence: readonly string[];
  readonly engineVersion: string | null;
  /** Of the engine that is told, as in `--engine`. */
  readonly engine?: string;
  /** Carried out by the login itself, below its own home, without any other rights. */
  readonly asLogin?: true;
  /** What is to be trusted, where a plan is about that. */
  readonly certificates?: readonly CertificateFacts[];
  readonly owner: "file" | "flags" | "none";
  readonly path: string;
  readonly notes: readonly string[];
}

export interface ChangePlan extends PlanBase {
  readonly kind: "change";
  readonly phases: readonly Phase[];
  readonly consents: readonly Consent[];
  /** Why nobody can say that it took; absent where the engine is asked. */
  readonly unproved?: string;
}

export interface NothingPlan extends PlanBase {
  readonly kind: "nothing";
  readonly why: "already" | "covered" | "loopback" | "trusted" | "not-there" | "not-ours";
  readonly detail: string;
}

export type Plan = ChangePlan | NothingPlan;

/** How a plan makes the engine take notice, for JSON: the strongest thing it does. */
export function appliedBy(plan: Plan): "reload" | "restart" | "none" {
  if (plan.kind === "nothing") return "none";
  const kinds = plan.phases.map((phase) => phase.activation.kind);
  return kinds.includes("restart") ? "restart" : kinds.includes("reload") ? "reload" : "none";
}

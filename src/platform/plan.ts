/**
 * What is going to be done to one host, as data. A plan is made of phases; a phase writes files, makes the engine
 * take notice, and says what must then be true. Preview, execution, rollback and undo all read the same plan.
 */
import type { UndoNote } from "./formats/format.ts";

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
  readonly change?: ListChange;
}

/** What an edit added, kept in the journal so that undo takes away that and nothing else. */
export interface ListChange {
  readonly purpose: "list" | "live-restore";
  readonly format: string;
  readonly entry: string;
  readonly note: UndoNote;
}

export type Activation =
  | { readonly kind: "none" }
  | { readonly kind: "reload"; readonly command: readonly string[] }
  | {
      readonly kind: "restart";
      readonly commands: readonly (readonly string[])[];
      readonly start: readonly (readonly string[])[];
      /** Containers that stop for it. */
      readonly stops: number;
    };

/** What `/info` must say afterwards; things not named may be as they like. */
export interface Expectation {
  readonly listed: Readonly<Record<string, boolean>>;
  readonly liveRestore?: boolean;
}

export interface Phase {
  readonly why: string;
  readonly edits: readonly FileEdit[];
  readonly activation: Activation;
  readonly expect: Expectation;
}

/** A consent that the plan needs before it may run. */
export interface Consent {
  readonly id: "restart" | "downgrade";
  readonly question: string;
  readonly details: readonly string[];
  readonly flag: "--allow-restart" | "--yes";
}

interface PlanBase {
  readonly host: string;
  readonly platform: string;
  readonly evidence: readonly string[];
  readonly engineVersion: string | null;
  readonly owner: "file" | "flags" | "none";
  readonly path: string;
  readonly notes: readonly string[];
}

export interface ChangePlan extends PlanBase {
  readonly kind: "change";
  readonly phases: readonly Phase[];
  readonly consents: readonly Consent[];
}

export interface NothingPlan extends PlanBase {
  readonly kind: "nothing";
  readonly why: "already" | "covered" | "loopback" | "not-there" | "not-ours";
  readonly detail: string;
}

export type Plan = ChangePlan | NothingPlan;

/** How a plan makes the engine take notice, for JSON: the strongest thing it does. */
export function appliedBy(plan: Plan): "reload" | "restart" | "none" {
  if (plan.kind === "nothing") return "none";
  const kinds = plan.phases.map((phase) => phase.activation.kind);
  return kinds.includes("restart") ? "restart" : kinds.includes("reload") ? "reload" : "none";
}

/** What a check comes to. Pure. */
import type { RegctlError } from "../errors.ts";
import { explain } from "../explain/errors.ts";
import type { DoctorCode } from "./codes.ts";

/** A cure that regctl has a command for. `--fix` carries it out. */
export type Cure =
  | { readonly kind: "setup-insecure"; readonly registry: string }
  | { readonly kind: "setup-trust"; readonly registry: string }
  | { readonly kind: "setup-undo"; readonly registry: string }
  | { readonly kind: "use-insecure"; readonly registry: string }
  | { readonly kind: "login"; readonly registry: string }
  /** `server` and `to` as they are typed; `name` where it has one of its own. */
  | {
      readonly kind: "tunnel";
      readonly registry: string;
      readonly server: string;
      readonly to: string;
      readonly name: string | null;
    };

/** What is wrong, and what is to be done about it. */
export interface Trouble {
  readonly code: DoctorCode;
  /** One or more sentences. */
  readonly message: string;
  /** Lines to type where there is something to type; never empty. */
  readonly remedies: readonly string[];
  readonly cure?: Cure;
}

export type Finding =
  | { readonly status: "ok"; readonly message: string }
  /** There is nothing to look at; what hangs on this check can be looked at all the same. */
  | { readonly status: "skipped"; readonly message: string; readonly hangsOn?: string }
  | ({ readonly status: "warning" | "failed" } & Trouble);

export function ok(message: string): Finding {
  return { status: "ok", message };
}

export function skipped(message: string): Finding {
  return { status: "skipped", message };
}

export function failed(trouble: Trouble): Finding {
  return { status: "failed", ...trouble };
}

export function warning(trouble: Trouble): Finding {
  return { status: "warning", ...trouble };
}

/** An error of ours as a failed check, in the words that it has everywhere. */
export function failedBy(error: RegctlError, remedies?: readonly string[]): Finding {
  const words = explain(error);
  return failed({ ...words, remedies: remedies ?? words.remedies });
}

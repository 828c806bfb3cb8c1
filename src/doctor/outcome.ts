/** What doctor returns: exactly its JSON document (docs/json.md). Pure. */
import type { Cure } from "./finding.ts";
import { causeOf, type Judged } from "./judge.ts";

export interface CheckOutcome {
  readonly id: string;
  /** Where it was looked from. */
  readonly host: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  readonly message: string;
  /** Of warnings and failures. */
  readonly code?: string;
  readonly remedies?: readonly string[];
  /** Of a skipped one that was not reached: the check that failed before it. */
  readonly hangsOn?: string;
}

export interface CauseOutcome {
  readonly code: string;
  readonly message: string;
  readonly remedies: readonly string[];
  /** The check that found it. */
  readonly check?: string;
  readonly host?: string;
}

export interface DoctorOutcome {
  /** Nothing failed; there may be warnings. */
  readonly ok: boolean;
  /** Null when no registry was named, and there is no default one. */
  readonly registry: string | null;
  /** The most probable one; null when nothing failed. */
  readonly cause: CauseOutcome | null;
  readonly checks: readonly CheckOutcome[];
  /** With `--fix`: the commands that were carried out. */
  readonly fixed?: readonly string[];
}

/** What was found on one host. */
export interface Examined {
  readonly host: string;
  readonly judged: readonly Judged[];
}

export function outcomeOf(registry: string | null, examined: readonly Examined[]): DoctorOutcome {
  const checks = examined.flatMap(({ host, judged }) => judged.map((each) => checkOf(host, each)));
  const first = firstCause(examined);
  const cause =
    first === null
      ? null
      : {
          code: first.code,
          message: first.message,
          remedies: first.remedies,
          check: first.check,
          host: first.host,
        };
  return { ok: cause === null, registry, cause, checks };
}

export interface FoundCause extends CauseOutcome {
  readonly check: string;
  readonly host: string;
  readonly cure?: Cure;
}

/** That of the first host that has one. */
export function firstCause(examined: readonly Examined[]): FoundCause | null {
  for (const { host, judged } of examined) {
    const found = causeOf(judged);
    if (found === null) continue;
    const { id: check, code, message, remedies, cure } = found;
    return { code, message, remedies, check, host, ...(cure === undefined ? {} : { cure }) };
  }
  return null;
}

function checkOf(host: string, { id, finding }: Judged): CheckOutcome {
  const { status, message } = finding;
  const trouble = "code" in finding ? { code: finding.code, remedies: finding.remedies } : {};
  const hangsOn = "hangsOn" in finding ? { hangsOn: finding.hangsOn } : {};
  return { id, host, status, message, ...trouble, ...hangsOn };
}

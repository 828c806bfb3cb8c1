/** From what was looked at to the list of checks and the one cause. Pure. */
import type { Check } from "./check.ts";
import type { Facts } from "./facts.ts";
import type { Finding, Trouble } from "./finding.ts";

export interface Judged {
  readonly id: string;
  readonly finding: Finding;
}

/** Every check in its order. What hangs on a failed one was not reached, and so was what hangs on that. */
export function judge(checks: readonly Check[], facts: Facts): readonly Judged[] {
  const judged: Judged[] = [];
  /** By check that was not passed: the failed one that it comes down to. */
  const blocked = new Map<string, string>();
  for (const { id, needs, judge: look } of checks) {
    const by = needs.map((need) => blocked.get(need)).find((need) => need !== undefined);
    if (by !== undefined) {
      blocked.set(id, by);
      const message = `Not reached: it hangs on ${by}.`;
      // What would be left out is left out of this, too.
      judged.push({ id, finding: { status: "skipped", message, hangsOn: by } });
      continue;
    }
    const finding = look(facts);
    if (finding === null) continue;
    if (finding.status === "failed") blocked.set(id, id);
    judged.push({ id, finding });
  }
  return judged;
}

/** The most probable cause: the first check that failed, for what comes later hangs on what comes first. */
export function causeOf(judged: readonly Judged[]): (Trouble & { readonly id: string }) | null {
  for (const { id, finding } of judged) {
    if (finding.status === "failed") return { id, ...finding };
  }
  return null;
}

import type { HostFacts } from "./facts.ts";
import { loginStateFolder, stateFolderOf } from "./observe.ts";
import type { Plan } from "./plan.ts";

/** Where the backups and the journal of what this plan does are kept. */
export function stateFolderFor(plan: Plan, facts: HostFacts): string {
  return plan.asLogin ? loginStateFolder(facts.home ?? "") : stateFolderOf(facts.markers);
}

import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** One line of the list: what it hangs on, and what is made of what was looked at. */
export interface Check {
  readonly id: string;
  /** Checks before it that must not have failed, else it was not reached. */
  readonly needs: readonly string[];
  /** Pure. Null leaves the line out: it is about something that there is not. */
  readonly judge: (facts: Facts) => Finding | null;
}

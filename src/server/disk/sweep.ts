/** What a run of garbage collection goes by. */
import type { Digest } from "../../registry/digest.ts";
import type { DiskParts } from "./parts.ts";

export interface Sweep {
  readonly parts: DiskParts;
  readonly dryRun: boolean;
  readonly untagged: boolean;
  readonly graceMs: number;
  /** With `dryRun`: how many names a blob would have lost. */
  readonly unnamed: Map<Digest, number>;
  stopIfAborted(): void;
}

/** Whether nobody has written, linked or asked for it within the grace period. */
export function isForgotten({ parts, graceMs }: Sweep, digest: Digest, modifiedMs: number): boolean {
  return parts.clock.now().getTime() - modifiedMs >= graceMs && !parts.activity.isActive(digest);
}

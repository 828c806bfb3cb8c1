import type { TrustStatus } from "../certificates-on.ts";

/** What `setup status` shows of an engine that is not Docker's: as a host's status, without what only a daemon has. */
export interface EngineStatus {
  readonly version: string | null;
  /** Where the list lives, or would live. */
  readonly path: string | null;
  /** `effective` is null where the engine cannot be asked. */
  readonly registries: readonly {
    readonly registry: string;
    readonly configured: boolean;
    readonly effective: boolean | null;
  }[];
  readonly mirrors: readonly {
    readonly url: string;
    readonly configured: boolean;
    readonly effective: boolean | null;
  }[];
  readonly trusted: readonly TrustStatus[];
  /** What stands in the way of a change. */
  readonly problem: string | null;
}

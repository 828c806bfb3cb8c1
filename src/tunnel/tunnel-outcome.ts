/** The document of `tunnel`, `tunnel list` and `tunnel stop`. */
import type { EngineSeen } from "./engine-seen.ts";
import type { TunnelState } from "./tunnel.ts";

/** `background`: by `--detach`. `service`: systemd keeps it. */
export type StartedBy = "terminal" | "background" | "service";

export interface TunnelItem {
  readonly name: string;
  /** `user@host:port`. */
  readonly server: string;
  /** As image names begin: `localhost:5000`. Null while it connects for the first time. */
  readonly registry: string | null;
  /** Where it listens: `127.0.0.1:5000`. */
  readonly local: string | null;
  /** Where the registry is, seen from the server: `localhost:5000` or the path of a socket. */
  readonly to: string;
  readonly state: TunnelState;
  /** Its process is there and does not answer: what else stands here is what is remembered of it. */
  readonly hanging?: true;
  /** The registry answers through it. */
  readonly healthy: boolean;
  /** Since when it has this state. */
  readonly since: string;
  readonly startedAt: string;
  readonly startedBy: StartedBy;
  readonly pid: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly reconnects: number;
  /** Why it is not up, in words. */
  readonly problem: string | null;
  /** Those of `--forward`. */
  readonly forwards: readonly { readonly from: string; readonly to: string }[];
  /** Where the engine is that docker uses here, and whether it finds the registry. Null while it connects. */
  readonly engine: EngineSeen | null;
  readonly log: string;
}

export interface TunnelOutcome {
  readonly items: readonly TunnelItem[];
}

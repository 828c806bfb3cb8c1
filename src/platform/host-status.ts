/** What `setup status` says of each host: exactly its JSON document (docs/json.md). */
import type { TrustStatus } from "./certificates-on.ts";
import type { EngineOutcome, ErrorOutcome } from "./outcome.ts";

export interface RegistryStatus {
  readonly registry: string;
  /** It stands in the file or the flags; null when nobody could tell where to look. */
  readonly configured: boolean | null;
  /** The running engine has it; null when it could not be asked. */
  readonly effective: boolean | null;
}

export interface MirrorStatus {
  readonly url: string;
  /** As of a registry. */
  readonly configured: boolean | null;
  readonly effective: boolean | null;
}

export interface HostStatus {
  readonly host: string;
  readonly platform: string | null;
  readonly engine: EngineOutcome | null;
  /** Whose status it is, as in `--engine`. */
  readonly engineKind?: string;
  readonly registries: readonly RegistryStatus[];
  /** Registries with certificates in the engine's own folder. */
  readonly trusted: readonly TrustStatus[];
  readonly mirrors: readonly MirrorStatus[];
  readonly owner: "file" | "flags" | "none" | null;
  readonly path: string | null;
  /** Containers that a restart of the engine would stop; null when it could not be asked. */
  readonly restartStops: number | null;
  readonly evidence: readonly string[];
  /** Why the configuration must not be touched, or the engine does not answer. */
  readonly problem: string | null;
  readonly error?: ErrorOutcome;
}

export interface StatusOutcome {
  readonly hosts: readonly HostStatus[];
  readonly ok?: false;
}

export function failedStatus(host: string, error: ErrorOutcome): HostStatus {
  return {
    host,
    platform: null,
    engine: null,
    registries: [],
    trusted: [],
    mirrors: [],
    owner: null,
    path: null,
    restartStops: null,
    evidence: [],
    problem: null,
    error,
  };
}

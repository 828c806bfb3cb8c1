/** What a planted fault is, and the plainest way to plant one. */
import type { DoctorTestWorld, DoctorWorldOptions, ExamineOptions } from "../support/doctor-world.ts";
import { type Answer, startTinyRegistry } from "../support/tiny-registry.ts";
import type { TlsAuthority } from "../support/tls-authority.ts";

export interface Planted {
  /** What doctor is asked about. */
  readonly given: string;
  readonly world?: DoctorWorldOptions;
  readonly options?: ExamineOptions;
  /** Changes the world before doctor looks. */
  readonly prepare?: (world: DoctorTestWorld) => Promise<void>;
}

export interface Fault {
  /** As it stands in docs/doctor.md. */
  readonly name: string;
  readonly check: string;
  readonly code: string;
  /** Default: failed. */
  readonly status?: "warning";
  /** Starts what is broken; `use` has it ended with the test. */
  readonly plant: (lab: FaultLab) => Promise<Planted>;
}

export interface FaultLab {
  readonly authority: TlsAuthority;
  use<T extends AsyncDisposable>(resource: T): T;
}

/** A plain registry on loopback, which answers some things otherwise. */
export function answering(answer: Answer, more: Omit<Planted, "given"> = {}): Fault["plant"] {
  return async ({ use }) => {
    const { host } = use(await startTinyRegistry({ answer }));
    return { given: host, ...more };
  };
}

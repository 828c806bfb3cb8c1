/** The document of `init`. */

/** `not-needed`: the registry asked for no login. `left`: a step before it failed. */
export type StepState = "planned" | "done" | "not-needed" | "failed" | "left";

export interface InitStep {
  /** What it is for. */
  readonly about: string;
  /** What holds once it is done. */
  readonly result: string;
  readonly command: string;
  readonly state: StepState;
  readonly error?: { readonly code: string; readonly message: string; readonly remedies: readonly string[] };
}

export interface InitOutcome {
  /** Present, and false, when a step failed after another one was done. */
  readonly ok?: false;
  readonly dryRun: boolean;
  /** The default registry; null while it is not known, or not set. */
  readonly registry: string | null;
  /** The engine of docker here, as people call it; null for none. */
  readonly engine: string | null;
  readonly steps: readonly InitStep[];
  readonly notes: readonly string[];
  /** What is worth typing now. */
  readonly next: readonly { readonly about: string; readonly command: string }[];
}

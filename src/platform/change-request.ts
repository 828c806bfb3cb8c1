/**
 * What an engine can be asked to take on: the first of the two dimensions of setup (docs/decisions/0010). The other is
 * the engine that is asked (`engines/`). Plain data; whatever had to be looked at before is in it.
 */
import type { JudgedMirror } from "./mirror-name.ts";
import type { JudgedRegistry } from "./registry-name.ts";
import type { ChosenAuthority, ClientIdentity } from "./trust/authority.ts";

export const changeKinds = ["insecure", "trust", "mirror"] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Talk to a registry without a verified certificate. */
export interface InsecureRequest {
  readonly kind: "insecure";
  readonly registry: JudgedRegistry;
}

/** Trust what an authority signs when a registry shows it, and nothing less from then on. */
export interface TrustRequest {
  readonly kind: "trust";
  readonly registry: JudgedRegistry;
  readonly authority: ChosenAuthority;
  /** Shown to the registry; null without `--cert` and `--key`. */
  readonly client: ClientIdentity | null;
  /** Also into the store of the operating system. */
  readonly system: boolean;
}

/** Ask this registry first for images of another. */
export interface MirrorRequest {
  readonly kind: "mirror";
  readonly mirror: JudgedMirror;
  /** The registry whose images it has, as references spell it: `docker.io`. */
  readonly upstream: string;
}

/** Take away what setup added. */
export interface UndoRequest {
  readonly kind: "undo";
  /** Null: the last change, byte for byte. */
  readonly registry: string | null;
  readonly kinds: readonly ChangeKind[];
}

export type ChangeRequest = InsecureRequest | TrustRequest | MirrorRequest | UndoRequest;

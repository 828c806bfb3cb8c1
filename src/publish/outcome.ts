/** What `publish` tells: exactly its JSON document. */
import type { Digest } from "../registry/digest.ts";

/** `direct`: through this process. `engine`: the engine pushed. */
export type Way = "direct" | "engine";

export interface PublishItem {
  /** In full, with its tag. */
  readonly reference: string;
  /** Of the manifest under the tag; with `--dry-run` null where it is known only when everything was packed. */
  readonly digest: Digest | null;
  /** As the engine has it; the configuration's digest where a file is published, the index's for one of those. */
  readonly imageId: string;
  readonly via: Way;
  /** That travelled; with `--dry-run` at most so many would. Of several names the first one has it all. */
  readonly bytesSent: number;
  /** That the registry had. */
  readonly bytesReused: number;
  readonly layers: { readonly sent: number; readonly reused: number; readonly mounted: number };
  readonly seconds: number;
  /** What stood under the tag before, if it was something else. */
  readonly replaced: Digest | null;
  /** False when the tag led there already. */
  readonly changed: boolean;
  /** `HOST/NAME@DIGEST`, to pull it with. */
  readonly pull: string | null;
  /** Known in the engine under this reference. */
  readonly tagged: boolean;
}

export interface PublishOutcome {
  readonly dryRun: boolean;
  /** The way that was taken, and the rule that chose it. */
  readonly via: Way;
  readonly why: string;
  readonly items: readonly PublishItem[];
}

/** What `delete` returns: exactly its JSON document (docs/json.md). */
import type { ItemError } from "./item-error.ts";

/** How a registry is brought to remove what shall go. `dummy-manifest`: see `delete-placeholder.ts`. */
export type DeleteWay = "by-tag" | "dummy-manifest" | "by-digest";

export interface DeletedItem {
  /** In full. */
  readonly reference: string;
  /** With `--dry-run`: what would be. `none` when it failed. */
  readonly deleted: "tag" | "manifest" | "none";
  /** What the tag pointed to, or the manifest that went; null when that was not found out. */
  readonly digest: string | null;
  /** Other tags on the digest. Of a tag they stay, of a manifest they go as well. */
  readonly alsoTagged: readonly string[];
  /** Null when nothing was found that could go. */
  readonly way: DeleteWay | null;
  /** Sentences. */
  readonly notes: readonly string[];
  readonly error?: ItemError;
}

export interface DeleteOutcome {
  readonly dryRun: boolean;
  readonly items: readonly DeletedItem[];
  /** Present, and false, when one of several items failed. */
  readonly ok?: false;
}

export function failedItem(reference: string, error: ItemError): DeletedItem {
  return { reference, deleted: "none", digest: null, alsoTagged: [], way: null, notes: [], error };
}

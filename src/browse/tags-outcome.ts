/** What `tags` returns: exactly its JSON document (docs/json.md). */
import type { TagDetails } from "./details-of-facts.ts";
import type { ItemError } from "./item-error.ts";
import type { TagOrder } from "./tag-order.ts";

export interface TagItem extends Omit<TagDetails, "digest" | "kind"> {
  readonly tag: string;
  /** Null, like all that follows from it, only where `error` says why. */
  readonly digest: TagDetails["digest"] | null;
  readonly kind: TagDetails["kind"] | null;
  /** Other tags on the digest, of those that were looked at; the highest versions when there are over a hundred. */
  readonly alsoTagged: readonly string[];
  readonly error?: ItemError;
}

export interface TagsOutcome {
  readonly registry: string;
  /** Without the registry. */
  readonly name: string;
  readonly sort: TagOrder;
  /** Tags of the repository, and how many of them fit the filter. */
  readonly total: number;
  readonly matching: number;
  /** Left out without a filter: tags where clients keep signatures and lists of referrers. */
  readonly aboutImages: number;
  readonly items: readonly TagItem[];
  /** Listed, but without a manifest (any more). */
  readonly missing: readonly string[];
  /** Present, and false, when some item has an error. */
  readonly ok?: false;
}

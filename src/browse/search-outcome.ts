/** What `search` returns: exactly its JSON document (docs/json.md). */
import type { ItemError } from "./item-error.ts";

export const searchOrders = ["match", "updated", "name"] as const;
export type SearchOrder = (typeof searchOrders)[number];

export interface SearchItem {
  /** Without the registry. */
  readonly name: string;
  /** How many; null when the registry did not say. */
  readonly tags: number | null;
  /** Its details were looked for: rows of the table, and all with `--sort updated` or `--since`. */
  readonly detailed: boolean;
  /** Null where nobody looked, or where no tag has a manifest; so is what follows. */
  readonly newestTag: string | null;
  /** RFC 3339, UTC. */
  readonly updated: string | null;
  /** Bytes, for one platform. */
  readonly size: number | null;
  readonly platforms: readonly string[];
  readonly artifactType: string | null;
  /** With `--tags`: tags that the term is in, ten at most. */
  readonly matchingTags: readonly string[];
  /** Its tags are not for this login. */
  readonly closed: boolean;
  readonly error?: ItemError;
}

export interface SearchOutcome {
  readonly registry: string;
  readonly term: string;
  /** `search`: the registry lists nothing and was searched by its own means, which may leave some out. */
  readonly from: "catalog" | "search";
  /** All hits; with `--limit` so many at most. */
  readonly items: readonly SearchItem[];
  readonly hits: number;
  /** Left out: repositories without tags. */
  readonly empty: number;
  /** Rows of the table. */
  readonly rows: number;
  /** Every tag of every hit was looked at. */
  readonly everyTag: boolean;
  /** HTTP requests that it cost. */
  readonly requests: number;
  /** Present, and false, when some item has an error. */
  readonly ok?: false;
}

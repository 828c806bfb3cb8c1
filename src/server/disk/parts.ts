/** What the parts of a storage on disk share. */

import type { Clock, Emit } from "../../ports.ts";
import type { Digest } from "../../registry/digest.ts";
import type { Catalog } from "./catalog.ts";
import type { ContentCache } from "./content.ts";
import type { Damage } from "./damage.ts";
import type { Durable } from "./durable.ts";
import type { StoreFiles } from "./files.ts";
import type { InTurn } from "./in-turn.ts";
import type { Indexes } from "./indexes.ts";
import type { StorePaths } from "./paths.ts";
import type { Tally } from "./tally.ts";

/** Blobs that were asked for while garbage is collected: who asked will refer to them next. */
export interface Activity {
  used(digest: Digest): void;
  isActive(digest: Digest): boolean;
  /** While `action` runs, uses are remembered. */
  watch<T>(action: () => Promise<T>): Promise<T>;
}

export interface DiskParts {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly durable: Durable;
  readonly catalog: Catalog;
  readonly indexes: Indexes;
  readonly content: ContentCache;
  readonly damage: Damage;
  /** One at a time for a digest: whoever gives it a name or takes one away. */
  readonly turns: InTurn;
  readonly activity: Activity;
  readonly tally: Tally;
  /** So long nothing goes that was written, linked or asked for. */
  readonly graceMs: number;
}

export function createActivity(): Activity {
  let watchers = 0;
  const seen = new Set<Digest>();
  return {
    used: (digest) => {
      if (watchers > 0) seen.add(digest);
    },
    isActive: (digest) => seen.has(digest),
    watch: async (action) => {
      watchers += 1;
      try {
        return await action();
      } finally {
        watchers -= 1;
        if (watchers === 0) seen.clear();
      }
    },
  };
}

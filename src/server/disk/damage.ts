/** Blobs that were found damaged: remembered in a file each, so that no server ever hands them out again. */

import type { Clock, Emit } from "../../ports.ts";
import type { Digest } from "../../registry/digest.ts";
import { objectOf, parseJson, textOf } from "../../registry/json.ts";
import { StorageFailure } from "../storage.ts";
import type { Durable } from "./durable.ts";
import type { StoreFiles } from "./files.ts";
import { digestOfMark, type StorePaths } from "./paths.ts";

export interface DamagedBlob {
  readonly digest: Digest;
  /** What is wrong, in words. */
  readonly problem: string;
}

export interface Damage {
  list(): readonly DamagedBlob[];
  /** What is wrong with it, or null. */
  problemOf(digest: Digest): string | null;
  /** Remembered also when the disk does not take the mark. */
  mark(digest: Digest, problem: string): Promise<void>;
  /** It is whole again, or gone. */
  clear(digest: Digest): Promise<void>;
}

export interface DamageWorld {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
  readonly durable: Durable;
  readonly clock: Clock;
  readonly emit: Emit;
}

export async function openDamage({ files, paths, durable, clock, emit }: DamageWorld): Promise<Damage> {
  const known = new Map<Digest, string>();
  for (const file of await files.list(paths.damaged)) {
    const digest = digestOfMark(file);
    if (digest === null) continue;
    const mark = objectOf(parseJson((await files.read(paths.damageMark(digest))) ?? ""));
    known.set(digest, textOf(mark?.problem) ?? "it was found damaged");
  }
  return {
    list: () => [...known].map(([digest, problem]) => ({ digest, problem })),
    problemOf: (digest) => known.get(digest) ?? null,
    mark: async (digest, problem) => {
      if (known.has(digest)) return;
      known.set(digest, problem);
      emit({ event: "warning", warning: `${digest} is damaged and is not served any more: ${problem}` });
      const found = clock.now().toISOString();
      const text = `${JSON.stringify({ digest, problem, found })}\n`;
      await durable.replace(paths.damageMark(digest), paths.damaged, Buffer.from(text)).catch(() => {});
    },
    clear: async (digest) => {
      if (!known.delete(digest)) return;
      await files.remove(paths.damageMark(digest));
      await durable.syncFolder(paths.damaged);
    },
  };
}

export function damaged(digest: Digest, problem: string): StorageFailure {
  return new StorageFailure("damaged", `${digest} is damaged: ${problem}`);
}

/** What an engine tells while it pushes, added up. Pure but for what it remembers. */
import type { EngineEvent } from "../engine/image-info.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";

export interface PushLog {
  note(event: EngineEvent): void;
  /** Bytes that went, as the engine counts them (before it packs them), and of how many. */
  bytes(): { readonly done: number; readonly total: number };
  /** What became of a layer, by the first hexadecimal digits of its digest; null when it was not spoken of. */
  fateOf(digest: Digest): LayerFate | null;
  digest(): Digest | null;
}

export type LayerFate = "sent" | "reused" | "mounted";

const fates: readonly (readonly [RegExp, LayerFate])[] = [
  [/^Pushed$/, "sent"],
  [/^Layer already exists$/, "reused"],
  [/^Mounted from /, "mounted"],
];

export function createPushLog(): PushLog {
  const layers = new Map<string, { readonly done: number; readonly total: number }>();
  const ends = new Map<string, LayerFate>();
  let digest: Digest | null = null;
  return {
    note: ({ status, id, current, total, pushed }) => {
      if (pushed !== null) digest = parseDigest(pushed.digest) ?? digest;
      if (id === "") return;
      if (total > 0) layers.set(id, { done: Math.min(current, total), total });
      const fate = fates.find(([text]) => text.test(status))?.[1];
      if (fate === undefined) return;
      ends.set(id, fate);
      const before = layers.get(id);
      if (before !== undefined) layers.set(id, { done: before.total, total: before.total });
    },
    bytes: () => {
      const all = [...layers.values()];
      const sum = (pick: (layer: { done: number; total: number }) => number) =>
        all.reduce((so, layer) => so + pick(layer), 0);
      return { done: sum(({ done }) => done), total: sum(({ total }) => total) };
    },
    fateOf: (wanted) => {
      const hex = wanted.slice("sha256:".length);
      return [...ends].find(([id]) => id.length >= 8 && hex.startsWith(id))?.[1] ?? null;
    },
    digest: () => digest,
  };
}

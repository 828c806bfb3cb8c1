/** What a registry has acknowledged, kept by those who push: what must be there after a crash, and what may be. */
import type { Digest } from "../../src/registry/digest.ts";

/** `open`: its push or its deletion was under way when the server died. */
export type Expected = "there" | "gone" | "open";

export interface Kept {
  readonly repository: string;
  readonly digest: Digest;
  readonly kind: "blobs" | "manifests";
}

interface TagState {
  acknowledged: Digest | null;
  /** Asked for after that, and never answered. */
  readonly later: Set<Digest | null>;
}

/** An upload that has begun and was not finished. */
export interface OpenUpload {
  readonly repository: string;
  readonly location: string;
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** Bytes that the server has acknowledged, and that were given to the network at most. */
  acknowledged: number;
  sent: number;
  /** Its end was asked for: it may be a blob by now. */
  finishing: boolean;
}

export interface Ledger {
  /** Wraps what is asked of the server: `open` while it is under way, and `then` once it has said yes. */
  during<T>(keys: readonly Kept[], then: "there" | "gone", ask: () => Promise<T>): Promise<T>;
  /** The same for tags, that lead to a manifest or nowhere; of one tag nobody asks two things at a time. */
  tagging<T>(tags: readonly string[], digest: Digest | null, ask: () => Promise<T>): Promise<T>;
  readonly kept: ReadonlyMap<string, { readonly key: Kept; expected: Expected }>;
  /** By REPOSITORY:TAG. */
  readonly tags: ReadonlyMap<string, Readonly<TagState>>;
  readonly uploads: Set<OpenUpload>;
  /** Acknowledgements so far. */
  readonly count: () => number;
  /** What was found is what holds from now on. */
  settle(key: Kept, found: boolean): void;
  settleTag(tag: string, found: Digest | null): void;
}

const nameOf = ({ repository, kind, digest }: Kept): string => `${repository}/${kind}/${digest}`;

export function createLedger(): Ledger {
  const kept = new Map<string, { readonly key: Kept; expected: Expected }>();
  const tags = new Map<string, TagState>();
  let count = 0;
  const set = (key: Kept, expected: Expected): void => {
    kept.set(nameOf(key), { key, expected });
  };
  return {
    kept,
    tags,
    uploads: new Set(),
    count: () => count,
    during: async (keys, then, ask) => {
      // What is pushed again stays there meanwhile.
      const before = keys.map((key) => kept.get(nameOf(key))?.expected);
      for (const [index, key] of keys.entries())
        if (then === "gone" || before[index] !== "there") set(key, "open");
      const answer = await ask();
      for (const key of keys) set(key, then);
      count += 1;
      return answer;
    },
    tagging: async (names, digest, ask) => {
      for (const name of names) {
        const state = tags.get(name) ?? { acknowledged: null, later: new Set() };
        state.later.add(digest);
        tags.set(name, state);
      }
      const answer = await ask();
      for (const name of names) tags.set(name, { acknowledged: digest, later: new Set() });
      return answer;
    },
    settle: (key, found) => set(key, found ? "there" : "gone"),
    settleTag: (tag, found) => {
      tags.set(tag, { acknowledged: found, later: new Set() });
    },
  };
}

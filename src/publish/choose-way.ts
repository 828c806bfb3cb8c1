/** Which way an image goes: one rule after the other, the first that applies decides. Pure. */
import type { Way } from "./outcome.ts";

export interface WayFacts {
  /** `--via`. */
  readonly asked: Way | null;
  /** `--compression` or `--format` was said. */
  readonly shaped: boolean;
  readonly registry: string;
  /** The registry's name means another machine where the engine is. */
  readonly elsewhere: boolean;
  /** The engine reaches the registry and accepts it as it is; null where that does not matter. */
  readonly trusted: boolean | null;
  /** Why not, in the engine's words. */
  readonly refusal: string;
  /** Its images are kept by containerd, packed as they travel. */
  readonly packed: boolean;
  /** Its layers are unpacked, and there is none: such an image is not handed out ("empty export - not implemented"). */
  readonly layerless: boolean;
  /** It runs on another machine. */
  readonly remote: boolean;
  /** Unpacked bytes of the image, and of them those that the registry has not got; null where nobody knows. */
  readonly size: number;
  readonly missing: number | null;
}

export interface ChosenWay {
  readonly way: Way;
  /** Half a sentence. */
  readonly why: string;
}

/**
 * To pass something on, the whole image is read out of an engine, at some 200 MB/s; an engine packs what it pushes at
 * some 28 MB/s. Below this share of the image it is faster nevertheless (docs/publish.md has the figures).
 */
export const smallShare = 0.15;

interface Rule {
  readonly applies: (facts: WayFacts) => boolean;
  readonly way: Way;
  readonly why: (facts: WayFacts) => string;
}

const wayRules: readonly Rule[] = [
  { applies: ({ asked }) => asked === "direct", way: "direct", why: () => "--via says so" },
  { applies: ({ asked }) => asked === "engine", way: "engine", why: () => "--via says so" },
  {
    applies: ({ missing }) => missing === 0,
    way: "direct",
    why: () => "the registry has every layer, so nothing need be read",
  },
  {
    applies: ({ layerless }) => layerless,
    way: "engine",
    why: () => "an engine does not hand out an image without layers",
  },
  { applies: ({ shaped }) => shaped, way: "direct", why: () => "an engine packs in its own way alone" },
  {
    applies: ({ elsewhere }) => elsewhere,
    way: "direct",
    why: ({ registry }) => `${registry} is another place where the engine is`,
  },
  {
    applies: ({ trusted }) => trusted === false,
    way: "direct",
    why: ({ registry, refusal }) =>
      `the engine does not talk to ${registry}${refusal === "" ? "" : ` (${refusal})`}`,
  },
  {
    applies: ({ remote }) => remote,
    way: "engine",
    why: ({ registry }) => `it is on another machine, and reaches ${registry} itself`,
  },
  { applies: ({ packed }) => packed, way: "engine", why: () => "it keeps images packed as they travel" },
  {
    applies: ({ missing, size }) => missing !== null && missing <= size * smallShare,
    way: "engine",
    why: () => "little is missing, and it need not hand out the whole image for that",
  },
  { applies: () => true, way: "direct", why: () => "packed here on all cores it is faster" },
];

export function chooseWay(facts: WayFacts): ChosenWay {
  const rule = wayRules.find(({ applies }) => applies(facts));
  if (rule === undefined) throw new Error("the last rule always applies");
  return { way: rule.way, why: rule.why(facts) };
}

/** Whether it matters what the engine thinks of the registry. */
export function needsTrust(facts: Omit<WayFacts, "trusted" | "refusal">): boolean {
  const wayIf = (trusted: boolean): Way => chooseWay({ ...facts, trusted, refusal: "" }).way;
  return wayIf(true) !== wayIf(false);
}

/** What an engine's lines about a pull add up to. Pure, but for what it remembers. */
import type { EngineEvent } from "../engine/image-info.ts";

export interface PullLog {
  note(event: EngineEvent): void;
  /** Of layers that it downloads, as far as it has told. */
  bytes(): { readonly done: number; readonly total: number };
  /** `image`: its id, of which Podman speaks as of a layer. */
  layers(image: string): { readonly received: number; readonly reused: number };
  /** What it says at the end; empty when it says nothing. */
  digest(): string;
  /** It did not have this very image under this name before. */
  isNew(): boolean;
}

interface Layer {
  readonly done: number;
  readonly total: number;
  readonly state: "comes" | "came" | "there";
}

const nothing: Layer = { done: 0, total: 0, state: "comes" };

export function createPullLog(): PullLog {
  const layers = new Map<string, Layer>();
  let digest = "";
  let isNew = true;
  const count = (image: string, ...states: readonly Layer["state"][]): number =>
    [...layers].filter(([id, { state }]) => states.includes(state) && !image.startsWith(`sha256:${id}`))
      .length;
  return {
    note: (event) => {
      const { id, status } = event;
      if (status.startsWith("Digest: ")) digest = status.slice("Digest: ".length).trim();
      if (/^Status: Image is up to date/.test(status)) isNew = false;
      const known = layers.get(id);
      const next = id === "" ? null : layerAfter(known ?? nothing, event);
      if (next !== null) layers.set(id, next);
    },
    bytes: () => {
      const all = [...layers.values()];
      const sum = (pick: (layer: Layer) => number) => all.reduce((total, layer) => total + pick(layer), 0);
      return { done: sum(({ done }) => done), total: sum(({ total }) => total) };
    },
    layers: (image) => ({ received: count(image, "came", "comes"), reused: count(image, "there") }),
    digest: () => digest,
    isNew: () => isNew,
  };
}

/** Null for a line that is about no layer, such as "Pulling from team/app" with the tag as its id. */
function layerAfter(layer: Layer, { status, current, total }: EngineEvent): Layer | null {
  switch (status) {
    case "Already exists":
      return { ...layer, state: "there" };
    case "Downloading":
      return { ...layer, done: Math.max(layer.done, current), total: Math.max(layer.total, total) };
    case "Download complete":
    case "Pull complete":
      return { ...layer, done: layer.total, state: "came" };
    case "Pulling fs layer":
    case "Waiting":
    case "Verifying Checksum":
    case "Extracting":
      return layer;
    default:
      return null;
  }
}

/**
 * Which layers an engine with a graph driver has already. It keeps each layer by its chain, the layer with all those
 * below it: one can be left out only together with everything under it. Pure.
 */
import type { Descriptor } from "../registry/descriptor.ts";

/** Digests of unpacked layers, the base first: of one image of the engine. */
export type Chain = readonly string[];

/** How many layers from the base on are the beginning of an image that is there. */
export function countKnown(diffIds: Chain, chains: readonly Chain[]): number {
  const shared = (chain: Chain): number => {
    const differs = diffIds.findIndex((diffId, index) => chain[index] !== diffId);
    return differs < 0 ? diffIds.length : differs;
  };
  return Math.max(0, ...chains.map(shared));
}

/** What has to be fetched above the first `known` layers, each digest once. */
export function layersToFetch(layers: readonly Descriptor[], known: number): readonly Descriptor[] {
  return [...new Map(layers.slice(known).map((layer) => [layer.digest, layer])).values()];
}

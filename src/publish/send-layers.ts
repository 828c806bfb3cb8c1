/** Layers as they come, one after the other: small ones are held and sent beside the next, large ones stream. */
import { buffer } from "node:stream/consumers";
import pLimit from "p-limit";
import type { Digest } from "../registry/digest.ts";
import { SourcePassed } from "../transfer/stream-feed.ts";
import type { SavedLayer } from "./saved-image.ts";
import { type LayerSending, type SentLayer, sendLayer } from "./send-layer.ts";

export interface LayerSender {
  /** Resolves when no more of the layer's content is read; it may still be on its way then. */
  take(layer: SavedLayer): Promise<void>;
  /** Resolves when everything that was taken has arrived. Throws the first failure. */
  settled(): Promise<void>;
}

export interface SenderOptions extends LayerSending {
  readonly onSent: (sent: SentLayer) => void;
  /** It has to be read from its beginning once more: what the registry lost is kept no more. */
  readonly onAgain: (diffId: Digest | null, why: unknown) => void;
}

/** Bytes, unpacked, that are held in memory for one layer. */
const mostHeld = 4 * 1024 * 1024;
const sendsAtOnce = 4;

export function createLayerSender(options: SenderOptions): LayerSender {
  const limit = pLimit(sendsAtOnce);
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  const start = (layer: SavedLayer, onRead: () => void): void => {
    const sending: Promise<void> = limit(() => sendLayer(layer, onRead, options))
      .then(options.onSent)
      .catch((error: unknown) => {
        if (error instanceof SourcePassed) options.onAgain(layer.diffId, error.cause);
        else failure ??= { error };
      })
      .finally(() => {
        onRead();
        underWay.delete(sending);
      });
    underWay.add(sending);
  };
  const throwFailure = (): void => {
    if (failure !== null) throw failure.error;
  };
  return {
    take: async (layer) => {
      throwFailure();
      while (underWay.size >= sendsAtOnce) await Promise.race(underWay);
      if (layer.size <= mostHeld) {
        const bytes = await buffer(layer.content);
        start({ ...layer, content: once(bytes) }, () => {});
      } else await new Promise<void>((resolve) => start(layer, resolve));
      throwFailure();
    },
    settled: async () => {
      await Promise.allSettled(underWay);
      throwFailure();
    },
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

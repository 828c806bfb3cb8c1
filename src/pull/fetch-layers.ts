/** Layers of one repository into the spool: a few at a time, the largest first, each once. */
import type { Clock } from "../ports.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { createFeed } from "../transfer/feed.ts";
import type { Meter } from "../transfer/meter.ts";
import { createRangeToken } from "../transfer/ranges.ts";
import { createRegistrySource } from "../transfer/registry-source.ts";
import { createSchedule } from "../transfer/schedule.ts";
import type { Spool, SpooledLayer } from "./spool.ts";

export interface FetchOptions {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly spool: Spool;
  readonly meter: Meter;
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

export interface LayerFetches {
  /** Begins with those that are new. Their bytes can be read while they come. */
  start(layers: readonly Descriptor[]): readonly SpooledLayer[];
  /** Resolves when all are there; rejects as the first that failed. */
  done(): Promise<void>;
  /** Resolves when nothing is under way any more. Gives what the first failed with, or null. */
  settled(): Promise<unknown>;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes that an earlier run had left. */
  readonly kept: number;
}

/** As many as fill a line; several of one layer are asked for at once where one stream is slow. */
const fetchesAtOnce = 5;

export function createLayerFetches(options: FetchOptions): LayerFetches {
  const { spool, meter } = options;
  const schedule = createSchedule(fetchesAtOnce);
  const onBytes = (bytes: number): void => {
    received += bytes;
    meter.passed(bytes);
  };
  const open = createOpener(options, { onBytes, alone: () => schedule.running() === 1 });
  const begun = new Map<Digest, { readonly spooled: SpooledLayer; readonly filled: Promise<void> }>();
  let received = 0;
  let kept = 0;
  const begin = (layer: Descriptor) => {
    const spooled = spool.expect(layer, `${options.client.registry}/${options.repository}@${layer.digest}`);
    meter.expect(layer.size);
    const filled = schedule.run(layer.size, async () => {
      const result = await spooled.fill((start) => {
        meter.expect(-start);
        return open(layer, start);
      });
      kept += result.kept;
      if (result.kept === layer.size) meter.expect(-layer.size);
    });
    filled.catch(() => {});
    return { spooled, filled };
  };
  return {
    start: (layers) =>
      layers.map((layer) => {
        const each = begun.get(layer.digest) ?? begin(layer);
        begun.set(layer.digest, each);
        return each.spooled;
      }),
    done: async () => {
      await Promise.all([...begun.values()].map(({ filled }) => filled));
    },
    settled: async () => {
      const results = await Promise.allSettled([...begun.values()].map(({ filled }) => filled));
      const failed = results.find((result) => result.status === "rejected");
      return failed === undefined ? null : failed.reason;
    },
    get received() {
      return received;
    },
    get kept() {
      return kept;
    },
  };
}

type Open = (layer: Descriptor, start: number) => AsyncIterable<Uint8Array>;

interface Flow {
  readonly onBytes: (bytes: number) => void;
  /** No other layer is in flight. */
  readonly alone: () => boolean;
}

function createOpener(options: FetchOptions, { onBytes, alone }: Flow): Open {
  const { client, repository, clock, signal } = options;
  const source = createRegistrySource(client, repository, signal);
  const ranges = createRangeToken(alone);
  const sleep = (ms: number, over?: AbortSignal): Promise<void> =>
    clock.sleep(ms, over === undefined ? signal : AbortSignal.any([signal, over]));
  return async function* open({ digest, size }, start) {
    signal.throwIfAborted();
    const feed = createFeed({
      digest,
      size,
      what: `${source.name}@${digest}`,
      open: (from, to) => source.openBlob(digest, from, to),
      broken: source.broken,
      // The spool does it.
      verify: false,
      ranges,
      sleep,
      now: () => clock.now().getTime(),
      onBytes,
    });
    const stream = feed.open(start, size);
    const stop = () => stream.destroy(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    signal.addEventListener("abort", stop, { once: true });
    try {
      yield* stream;
    } finally {
      signal.removeEventListener("abort", stop);
      feed.close();
    }
  };
}

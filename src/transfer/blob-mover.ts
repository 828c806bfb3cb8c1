/** All blobs of a run: each digest asked for and moved once, however many images share it. */
import pLimit from "p-limit";
import type { Descriptor } from "../registry/descriptor.ts";
import type { Digest } from "../registry/digest.ts";
import { createFeed } from "./feed.ts";
import type { ImageSource } from "./image-source.ts";
import type { ImageTarget } from "./image-target.ts";
import type { Meter } from "./meter.ts";
import { createRangeToken } from "./ranges.ts";
import { createSchedule } from "./schedule.ts";

export interface BlobResult {
  /** `there`: it was at the target before. */
  readonly how: "there" | "moved" | "mounted";
  readonly size: number;
  /** That travelled. */
  readonly bytes: number;
}

export interface BlobMover {
  /** In the order of the blobs. With `dryRun` nothing is moved, and the result says what would be. */
  move(blobs: readonly Descriptor[], dryRun: boolean): Promise<readonly BlobResult[]>;
  /** Resolves when nothing is under way any more, whatever became of it. */
  settled(): Promise<void>;
}

export interface MoverOptions {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  /** Blobs are linked from the source's repository: asking first whether they are there would be a request more. */
  readonly mounts: boolean;
  readonly meter: Meter;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /** Nothing is begun any more when it is aborted. */
  readonly signal: AbortSignal;
}

/** As many uploads as fill a line without holding each other up. */
const movesAtOnce = 5;
const asksAtOnce = 8;

export function createBlobMover(options: MoverOptions): BlobMover {
  const { source, target, mounts, meter } = options;
  const asks = pLimit(asksAtOnce);
  const schedule = createSchedule(movesAtOnce);
  const ranges = source.ranges ? createRangeToken(() => schedule.running() === 1) : null;
  const known = new Map<Digest, Promise<BlobResult>>();
  const asked = new Map<Digest, Promise<boolean>>();
  const isThere = (blob: Descriptor, dryRun: boolean): Promise<boolean> => {
    if (mounts && !dryRun) return Promise.resolve(false);
    const before = asked.get(blob.digest);
    const asking = before ?? asks(() => target.hasBlob(blob));
    asked.set(blob.digest, asking);
    return asking;
  };
  const moveOne = async (blob: Descriptor): Promise<BlobResult> => {
    const { digest, size } = blob;
    meter.expect(size);
    return await schedule.run(size, async () => {
      options.signal.throwIfAborted();
      const { how, bytes } = await target.moveBlob(blob, () =>
        createFeed({
          ...options,
          digest,
          size,
          what: `${source.name}@${digest}`,
          open: (start, end) => source.openBlob(digest, start, end),
          broken: source.broken,
          verify: target.place !== null,
          ranges,
          onBytes: meter.passed,
        }),
      );
      if (how === "mounted") meter.expect(-size);
      return { how, size, bytes };
    });
  };
  return {
    settled: async () => {
      await Promise.allSettled(known.values());
    },
    move: async (blobs, dryRun) => {
      const there = await Promise.all(blobs.map((blob) => isThere(blob, dryRun)));
      return await Promise.all(
        blobs.map(async (blob, index) => {
          const { digest, size } = blob;
          if (there[index] === true) return { how: "there", size, bytes: 0 };
          const first = known.get(digest);
          // Another image of this run brings it.
          if (first !== undefined) return await first.then(() => ({ how: "there" as const, size, bytes: 0 }));
          const would = { how: mounts ? "mounted" : "moved", size, bytes: mounts ? 0 : size } as const;
          const moving = dryRun ? Promise.resolve(would) : moveOne(blob);
          known.set(digest, moving);
          return await moving;
        }),
      );
    },
  };
}

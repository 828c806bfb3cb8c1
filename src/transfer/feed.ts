/** The bytes of one blob on their way from its source, from any place on, through whatever breaks at the source. */
import type { Readable } from "node:stream";
import type { RegctlError } from "../errors.ts";
import type { Digest } from "../registry/digest.ts";
import { FeedStream, type Tap } from "./feed-stream.ts";
import { createFirstPass, noFirstPass } from "./first-pass.ts";
import type { OpenedBlob } from "./image-source.ts";
import { createRangeSwitch } from "./range-switch.ts";
import type { RangeToken } from "./ranges.ts";
import type { UploadFeed } from "./upload-feed.ts";

export interface FeedOptions {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** For errors. */
  readonly what: string;
  /** `end` is the byte behind the last one. */
  readonly open: (start: number, end?: number) => Promise<OpenedBlob>;
  /** What is told when the source stays broken. */
  readonly broken: (error: unknown) => RegctlError;
  /** Whether the bytes are hashed here; a target that hashes them itself does without. */
  readonly verify: boolean;
  /** Null where several ranges at once bring nothing. */
  readonly ranges: RangeToken | null;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds on any clock that only goes forward. */
  readonly now: () => number;
  /** Told of each chunk that was handed on. */
  readonly onBytes: (count: number) => void;
}

export interface BlobFeed extends UploadFeed {
  readonly digest: Digest;
  readonly size: number;
  /** Bytes that were handed on so far, those that were sent again included. */
  readonly passed: number;
  /** The bytes from `start` up to `end`. The stream that was opened before is over by then, or is ended. */
  open(start: number, end: number): Readable;
  failure(): RegctlError | null;
  /** See `first-pass.ts` for what cannot be verified here. */
  verify(): void;
}

export function createFeed(options: FeedOptions): BlobFeed {
  const { digest, size, what, open } = options;
  const pass = options.verify ? createFirstPass(digest, size, what) : noFirstPass;
  let passed = 0;
  const onBytes = (count: number): void => {
    passed += count;
    options.onBytes(count);
  };
  const ranges = createRangeSwitch(options.ranges, () => heedsRanges(open, size));
  const tap: Tap = { ...options, onBytes, pass, ranges, carried: null, failure: null };
  let current: FeedStream | null = null;
  const openPart = (start: number, end: number): Readable => {
    current?.destroy();
    current = new FeedStream(tap, start, end);
    return current;
  };
  return {
    digest,
    size,
    get passed() {
      return passed;
    },
    kept: false,
    open: openPart,
    part: async (start, most) => {
      const end = Math.min(size, start + (most ?? size));
      return { length: end - start, open: () => openPart(start, end), spends: true };
    },
    failure: () => tap.failure,
    verify: () => {
      pass.verify();
    },
    close: () => {
      current?.destroy();
      tap.carried?.stream.destroy();
      tap.carried = null;
      ranges.close();
    },
  };
}

async function heedsRanges(open: FeedOptions["open"], size: number): Promise<boolean> {
  try {
    const { stream, start } = await open(size - 1, size);
    stream.destroy();
    return start === size - 1;
  } catch {
    return false;
  }
}

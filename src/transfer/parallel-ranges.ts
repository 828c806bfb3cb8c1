/** One blob in several ranges at once, given out in order through a bounded window. */
import { Readable } from "node:stream";
import type { OpenedBlob } from "./image-source.ts";

export interface RangesOptions {
  /** `end` is the byte behind the last. */
  readonly open: (start: number, end: number) => Promise<OpenedBlob>;
  readonly start: number;
  readonly end: number;
  readonly segment: number;
  readonly atOnce: number;
}

/**
 * Bytes from `start` to `end`; fails as the first of its requests does, and whoever reads it goes on from there in
 * another way. At most `atOnce` segments, and the one that is given out, are in memory.
 */
export function openRanges(options: RangesOptions): Readable {
  return Readable.from(readRanges(options), { objectMode: false, highWaterMark: 0 });
}

async function* readRanges({ open, start, end, segment, atOnce }: RangesOptions): AsyncGenerator<Buffer> {
  const streams = new Set<Readable>();
  const ahead: Promise<readonly Buffer[]>[] = [];
  let stopped = false;
  const fetch = async (from: number, to: number): Promise<readonly Buffer[]> => {
    const { stream, start: begun } = await open(from, to);
    streams.add(stream);
    try {
      if (stopped || begun !== from) throw new Error("the source does not heed ranges any more");
      return await readExactly(stream, to - from);
    } finally {
      streams.delete(stream);
      stream.destroy();
    }
  };
  let next = start;
  const fill = (): void => {
    while (ahead.length < atOnce && next < end) {
      const to = Math.min(next + segment, end);
      const fetched = fetch(next, to);
      // Its turn to be awaited may never come.
      fetched.catch(() => {});
      ahead.push(fetched);
      next = to;
    }
  };
  try {
    fill();
    for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) {
      const chunks = await first;
      fill();
      yield* chunks;
    }
  } finally {
    stopped = true;
    for (const stream of streams) stream.destroy();
  }
}

async function readExactly(stream: Readable, length: number): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  let left = length;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk).subarray(0, left);
    chunks.push(bytes);
    left -= bytes.length;
    if (left === 0) return chunks;
  }
  throw new Error(`a range ended ${left} bytes too early`);
}

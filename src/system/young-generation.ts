/** For programs through which many bytes pass: every chunk is a buffer that lives for a moment. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * V8 would let its young generation grow sixteenfold before it looks for chunks that died: 100 MB of them. Looking
 * costs little.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** So much may pass between two looks. */
const sweepEveryBytes = 4 * 1024 * 1024;

const passed = { bytes: 0 };
let collect: Collect | undefined;

/**
 * To be told of chunks that come and go. V8 sees the small objects and not the bytes behind them: left alone, it looks
 * for dead ones only when 40 MB have come, and then through everything that it holds. Looking at the young ones in time
 * takes a quarter off the processor time of an upload, and 20 MB off 64 of them.
 */
export function countPassedBytes(bytes: number): void {
  passed.bytes += bytes;
  if (passed.bytes < sweepEveryBytes) return;
  passed.bytes = 0;
  collect ??= findCollector();
  collect({ type: "minor" });
}

/** So much may be moved between two looks through everything. */
const collectEveryBytes = 32 * 1024 * 1024;

const moved = { bytes: 0 };

/**
 * The same for whole images, of which some chunks stay longer than others. With a heap as small as ours V8 finds its old
 * generation nearly full every seven megabytes, and looks through everything: a sixth of the processor time of a publish.
 * That is put off until so much has been moved that it is worth it.
 */
export function countMovedBytes(bytes: number): void {
  if (moved.bytes === 0) setFlagsFromString("--incremental-marking-hard-trigger=5");
  countPassedBytes(bytes);
  moved.bytes += bytes;
  if (moved.bytes < collectEveryBytes) return;
  moved.bytes = 1;
  collect ??= findCollector();
  collect({ type: "major" });
}

type Collect = (options: { readonly type: "minor" | "major" }) => void;

/** V8 gives its `gc` to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString("--expose-gc");
  const gc: Collect = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return gc;
}

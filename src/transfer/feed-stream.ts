/**
 * One stream object between the source's and the target's: each chunk is hashed and handed on, never copied. When the
 * source breaks off, it is opened again where it stopped, and whoever reads notices nothing.
 */
import { Readable } from "node:stream";
import { RegctlError } from "../errors.ts";
import type { FeedOptions } from "./feed.ts";
import type { FirstPass } from "./first-pass.ts";
import type { OpenedBlob } from "./image-source.ts";
import { openRanges } from "./parallel-ranges.ts";
import type { RangeSwitch } from "./range-switch.ts";
import { type Measured, rangeWindow } from "./ranges.ts";

/** What the streams of one blob share. */
export interface Tap extends Omit<FeedOptions, "ranges" | "verify"> {
  readonly pass: FirstPass;
  readonly ranges: RangeSwitch;
  /** Left over by the stream before, for one that begins where that ended. */
  carried: { readonly stream: Readable; readonly position: number } | null;
  failure: RegctlError | null;
}

const highWaterMark = 64 * 1024;
/** In a row without a byte. */
const mostBreaks = 6;
const failedOpening = 3;
const longestWaitMs = 8000;
const checkMs = 15_000;
/** As long a target may take nothing before its connection counts as broken. */
const mostHeldMs = 60_000;

export class FeedStream extends Readable {
  readonly #tap: Tap;
  readonly #end: number;
  #position: number;
  #upstream: Readable | null = null;
  #connecting = false;
  /** Bytes to leave out: the source began before the place that was asked for. */
  #skip = 0;
  #breaks = 0;
  /** When the target began to have enough; null while it wants more. */
  #heldSince: number | null = null;
  #heldMs = 0;
  #since = 0;
  #counted = 0;
  /** Aborted when the stream is over, whatever its end. */
  readonly #over = new AbortController();

  constructor(tap: Tap, start: number, end: number) {
    super({ highWaterMark });
    this.#tap = tap;
    this.#position = start;
    this.#end = end;
    // Who reads it hears of the error as well.
    this.on("error", () => {});
  }

  override _read(): void {
    if (this.#position === this.#end) {
      this.push(null);
      return;
    }
    if (this.#heldSince !== null) {
      this.#heldMs += this.#tap.now() - this.#heldSince;
      this.#heldSince = null;
    }
    if (this.#upstream !== null) this.#upstream.resume();
    else if (!this.#connecting) this.#connect();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#over.abort();
    this.#detach()?.destroy();
    this.#tap.ranges.over();
    done(error);
  }

  /** A target that holds its connection open and reads nothing counts as broken. */
  async #watch(): Promise<void> {
    const { sleep, now } = this.#tap;
    while (!this.destroyed) {
      await sleep(checkMs, this.#over.signal);
      if (this.#heldSince === null || now() - this.#heldSince < mostHeldMs) continue;
      this.destroy(Object.assign(new Error("it took no byte for a minute"), { code: "UND_ERR_SOCKET" }));
    }
  }

  #connect(waitMs = 0): void {
    this.#connecting = true;
    this.#openAt(waitMs).then(
      (opened) => {
        this.#connecting = false;
        if (this.destroyed) opened.stream.destroy();
        else this.#attach(opened);
      },
      (error: unknown) => {
        this.#connecting = false;
        if (this.destroyed) return;
        // The client has asked several times by then.
        if (passes(error)) this.#broke(error, failedOpening);
        else this.#fail(error);
      },
    );
  }

  async #openAt(waitMs: number): Promise<OpenedBlob> {
    const { carried, size, digest, what } = this.#tap;
    this.#tap.carried = null;
    if (carried?.position === this.#position && !carried.stream.destroyed) {
      return { stream: carried.stream, start: this.#position, size };
    }
    carried?.stream.destroy();
    if (waitMs > 0) await this.#tap.sleep(waitMs, this.#over.signal);
    const opened = await this.#tap.open(this.#position);
    if (opened.size === null || opened.size === size) return opened;
    opened.stream.destroy();
    throw new RegctlError("DIGEST_MISMATCH", { what, digest, size, actual: null, bytes: opened.size });
  }

  #attach({ stream, start }: OpenedBlob): void {
    this.#upstream = stream;
    this.#skip = this.#position - start;
    if (this.#since === 0) {
      this.#since = this.#tap.now();
      this.#watch().catch(() => {});
    }
    stream.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onEnd).on("close", this.#onEnd);
    // One that was carried over was paused, and a listener alone does not set it going again.
    if (this.#heldSince === null) stream.resume();
    else stream.pause();
  }

  #detach(): Readable | null {
    const stream = this.#upstream;
    this.#upstream = null;
    if (stream === null) return null;
    stream
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("error", this.#onEnd)
      .off("close", this.#onEnd);
    stream.pause();
    // A stream may be carried over many times.
    stream.off("error", unheard).on("error", unheard);
    return stream;
  }

  readonly #onData = (given: Buffer): void => {
    const chunk = this.#skip === 0 ? given : this.#leaveOut(given);
    if (chunk.length === 0) return;
    const wanted =
      chunk.length > this.#end - this.#position ? chunk.subarray(0, this.#end - this.#position) : chunk;
    this.#tap.pass.update(this.#position, wanted);
    this.#position += wanted.length;
    if (this.#position === this.#tap.size && !this.#isVerified()) return;
    this.#counted += wanted.length;
    this.#breaks = 0;
    this.#tap.onBytes(wanted.length);
    const more = this.push(wanted);
    if (this.#position === this.#end) {
      this.#finish(chunk.subarray(wanted.length));
      return;
    }
    if (!more) {
      this.#upstream?.pause();
      this.#heldSince = this.#tap.now();
    }
    if (this.#tap.ranges.consider(() => this.#measure())) this.#takeRanges();
  };

  #leaveOut(chunk: Buffer): Buffer {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    return chunk.subarray(skipped);
  }

  readonly #onEnd = (error?: unknown): void => {
    this.#broke(error ?? new Error(`it ended after ${this.#position} of ${this.#tap.size} bytes`));
  };

  #broke(error: unknown, weight = 1): void {
    this.#detach()?.destroy();
    this.#tap.ranges.broke();
    this.#breaks += weight;
    if (this.#breaks > mostBreaks) this.#fail(error);
    else this.#connect(Math.min(longestWaitMs, 100 * 2 ** (this.#breaks - 1)));
  }

  #fail(error: unknown): void {
    this.#tap.failure = this.#tap.broken(error);
    this.destroy(this.#tap.failure);
  }

  /** The last bytes are held back until the whole is known to be right: a target never gets a whole wrong blob. */
  #isVerified(): boolean {
    try {
      this.#tap.pass.verify();
      return true;
    } catch (error) {
      if (!(error instanceof RegctlError)) throw error;
      this.#tap.failure = error;
      this.destroy(error);
      return false;
    }
  }

  /** The rest is kept for the stream that follows; at the blob's end the connection is set free. */
  #finish(rest: Buffer): void {
    const stream = this.#detach();
    if (stream !== null && this.#end < this.#tap.size) {
      if (rest.length > 0) stream.unshift(rest);
      this.#tap.carried = { stream, position: this.#end };
    } else {
      // A file is closed, and a connection free, once its end is read: there is mostly nothing before it.
      stream?.once("data", () => stream.destroy()).resume();
    }
    this.push(null);
  }

  #measure(): Measured {
    const { now } = this.#tap;
    const held = this.#heldSince === null ? 0 : now() - this.#heldSince;
    const [elapsedMs, heldMs] = [now() - this.#since, this.#heldMs + held];
    return { elapsedMs, heldMs, bytes: this.#counted, left: this.#end - this.#position };
  }

  #takeRanges(): void {
    this.#detach()?.destroy();
    const { open } = this.#tap;
    const start = this.#position;
    const stream = openRanges({ open, start, end: this.#end, ...rangeWindow });
    this.#attach({ stream, start, size: null });
  }
}

const unheard = (): void => {};

/** What may be over when it is tried again; the source's own tries for each request are over by then. */
function passes(error: unknown): boolean {
  if (!(error instanceof RegctlError)) return true;
  if (error.code === "REGISTRY_UNREACHABLE") return true;
  return error.code === "REGISTRY_ERROR" && "status" in error.facts && Number(error.facts.status) >= 500;
}

import { Duplex, type Readable, type Writable } from "node:stream";

export interface StreamParts {
  readonly readable: Readable;
  readonly writable: Writable;
  /**
   * Asked once the readable side has ended: resolves to null when that end is the real one, or to the reason why
   * what was read may be incomplete (lost connection, failed command). Rejecting means the same.
   */
  ending(): Promise<Error | null>;
  /** Releases what is behind the stream. Called exactly once. */
  release(): void;
}

/**
 * One stream from two halves. Unlike `Duplex.from` it knows an end that is a failure: a cut connection must never
 * look like a complete answer.
 */
export class JoinedStream extends Duplex {
  readonly #parts: StreamParts;

  constructor(parts: StreamParts) {
    super({ allowHalfOpen: true });
    this.#parts = parts;
    const { readable, writable } = parts;
    readable.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) readable.pause();
    });
    if (readable.readableEnded) void this.#end();
    else readable.once("end", () => void this.#end());
    readable.once("error", (error) => this.destroy(error));
    if (writable !== (readable as unknown)) writable.once("error", (error) => this.destroy(error));
    readable.pause();
  }

  /** Ends the stream as failed, whatever is still under way. */
  fail(error: Error): void {
    this.destroy(error);
  }

  override _read(): void {
    this.#parts.readable.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#parts.writable.write(chunk, encoding)) done();
    else this.#parts.writable.once("drain", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // Only then is everything on its way: the end of both sides releases what is behind, unsent bytes and all.
    this.#parts.writable.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#parts.release();
    done(error);
  }

  async #end(): Promise<void> {
    const failure = await this.#parts.ending().catch((error: unknown) => toError(error));
    if (failure) this.destroy(failure);
    else this.push(null);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

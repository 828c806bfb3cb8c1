import type { RegctlError } from "../errors.ts";
import type { JoinedStream } from "../joined-stream.ts";

/**
 * Everything that is under way on one connection, so that the loss of the connection ends all of it. (A race
 * against one long-lived promise would keep every result alive until the connection closes.)
 */
export class UnderWay {
  #lost: RegctlError | undefined;
  readonly #endings = new Set<(error: RegctlError, wanted: boolean) => void>();

  /** Why the connection is gone, once it is. */
  get lost(): RegctlError | undefined {
    return this.#lost;
  }

  /** `wanted`: we closed it ourselves, so that streams which nobody cares about any more go without an error. */
  lose(error: RegctlError, wanted: boolean): void {
    this.#lost ??= error;
    for (const end of this.#endings) end(this.#lost, wanted);
    this.#endings.clear();
  }

  /** The outcome of `start`, or the loss if that comes first. */
  async until<T>(start: () => Promise<T>): Promise<T> {
    if (this.#lost) throw this.#lost;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#endings.add(reject);
    start().then(resolve, reject);
    try {
      return await promise;
    } catch (error) {
      throw this.#lost ?? error;
    } finally {
      this.#endings.delete(reject);
    }
  }

  /** A stream that fails with the connection. */
  track(stream: JoinedStream): JoinedStream {
    const end = (error: RegctlError, wanted: boolean): void => {
      if (wanted || stream.readableEnded) stream.destroy();
      else stream.fail(error);
    };
    if (this.#lost) end(this.#lost, false);
    else this.#endings.add(end);
    stream.once("close", () => this.#endings.delete(end));
    return stream;
  }
}

/** A request's body as the handler reads it: pulled piece by piece, and only asked for when it is wanted. */
import type { ServerLimits } from "../server/listener.ts";
import { createPatience } from "./patience.ts";
import type { Wire, WireRequest } from "./wire.ts";
import { countPassedBytes } from "./young-generation.ts";

export interface RequestBody {
  /** May be iterated once. Breaks off with an error when the client does. */
  readonly pieces: AsyncIterable<Buffer>;
  readonly bytes: number;
  /** Whether everything has been read. */
  readonly finished: boolean;
  /** Reads on, for nobody, within the limits: true when nothing is left. */
  drain(): Promise<boolean>;
  /** The client still waits for our word before it sends the body. */
  readonly withheld: boolean;
}

export interface BodyOptions extends Wire {
  /** The client asked by `Expect: 100-continue` whether to send it. */
  readonly expectsContinue: boolean;
  readonly length: number | null;
  readonly limits: ServerLimits;
}

export function createRequestBody(options: BodyOptions): RequestBody {
  const { request, response, limits } = options;
  const state = { bytes: 0, finished: options.length === 0, begun: false, withheld: options.expectsContinue };
  const cut = (): void => {
    request.destroy(new Error("the client sent nothing for too long"));
  };
  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    if (state.begun) throw new Error("a body is read once");
    state.begun = true;
    if (state.finished) return;
    if (state.withheld) response.writeContinue();
    state.withheld = false;
    const patience = createPatience(response, limits, cut);
    const source: AsyncIterator<Buffer, unknown> = request.iterator({ destroyOnReturn: false });
    try {
      while (true) {
        const next = await patience.wait(source.next(), bytesOf);
        if (next.done === true) break;
        state.bytes += next.value.length;
        countPassedBytes(next.value.length);
        yield next.value;
      }
      state.finished = true;
    } finally {
      // Else it would keep the rest from whoever drains it.
      await source.return?.();
    }
  }
  return {
    pieces: { [Symbol.asyncIterator]: read },
    drain: () => drain(request, limits, state),
    get bytes() {
      return state.bytes;
    },
    get finished() {
      return state.finished;
    },
    get withheld() {
      return state.withheld;
    },
  };
}

function bytesOf(next: IteratorResult<Buffer, unknown>): number {
  return next.done === true ? 0 : next.value.length;
}

/** Throws pieces away until the end, the limit or the time is there. */
function drain(
  request: WireRequest,
  { drainBytes, drainMs }: ServerLimits,
  state: { bytes: number; finished: boolean },
): Promise<boolean> {
  if (state.finished || request.readableEnded) return Promise.resolve(true);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const most = state.bytes + drainBytes;
  const timer = setTimeout(() => resolve(false), drainMs);
  request.on("data", (piece: Buffer) => {
    state.bytes += piece.length;
    if (state.bytes > most) resolve(false);
  });
  request.once("end", () => resolve(true));
  request.once("close", () => resolve(request.readableEnded));
  request.resume();
  return promise.finally(() => clearTimeout(timer));
}

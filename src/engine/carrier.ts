/**
 * How a request reaches an engine. Everything the client says goes through one function, so a socket, an SSH
 * stream, `docker system dial-stdio` and curl over there are all the same to it.
 */
import type { Duplex, Readable } from "node:stream";

/** Opens one more connection to the engine. */
export type Dial = () => Promise<Duplex>;

export interface HttpRequest {
  readonly method: string;
  /** Absolute path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
  /** The answer is read whole and at once. */
  readonly short?: boolean;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** HTTP/1.1 over streams that the caller dials. Keeps one connection alive between requests. */
export interface HttpOverStream {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Ends the connection and every request under way. */
  close(): Promise<void>;
}

/** Implemented by `src/system/http.ts`. */
export type OpenHttp = (dial: Dial) => HttpOverStream;

export interface EngineRequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  /** A longer answer is refused rather than held in memory. */
  readonly maxBytes: number;
}

export interface EngineResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Rejects with CarrierError when no whole answer came; any HTTP status is an answer. */
export type EngineRequest = (
  method: string,
  path: string,
  options: EngineRequestOptions,
) => Promise<EngineResponse>;

export interface EngineStreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable;
  /** Milliseconds to the head of the answer. */
  readonly answerWithinMs: number;
  readonly signal: AbortSignal;
}

/** An answer that is too long to hold, such as an image: read to its end or destroyed by whoever asked. */
export interface EngineStream {
  readonly status: number;
  readonly body: Readable;
}

/** Over a connection of its own, so that other requests go on meanwhile. Rejects as `EngineRequest`. */
export type OpenEngineStream = (
  method: string,
  path: string,
  options: EngineStreamOptions,
) => Promise<EngineStream>;

export interface EngineCarrier {
  readonly request: EngineRequest;
  readonly stream: OpenEngineStream;
  close(): Promise<void>;
}

/** No answer came back. `timedOut` tells a silent engine from one that is not there. */
export class CarrierError extends Error {
  override readonly name = "CarrierError";
  readonly timedOut: boolean;

  constructor(message: string, options: { timedOut?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.timedOut = options.timedOut ?? false;
  }
}

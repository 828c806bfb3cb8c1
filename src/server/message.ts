/**
 * A request and its response as the registry's core sees them: no socket, no HTTP library. The adapter that holds
 * the socket (`src/system/registry-server.ts`) makes one of the first and sends one of the second.
 */

/** Names in lower case; a repeated header is joined by ", ". */
export type Headers = Readonly<Record<string, string>>;

export interface ServerRequest {
  readonly method: string;
  /** The target up to the question mark, as it was sent: still percent-encoded, never normalised. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Read at most once, and only as far as it is wanted: what is not pulled is not read from the network. */
  readonly body: AsyncIterable<Buffer>;
  /** `Content-Length`, in bytes; null when the body is chunked. 0 when there is none. */
  readonly length: number | null;
  /** `http` or `https`, and HOST[:PORT] as the client named them (`Host` or `:authority`). */
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** The client's address, without its port. */
  readonly remote: string;
  /** Aborted when the client goes away before the response has been sent, or the server must stop. */
  readonly signal: AbortSignal;
}

/** A part of stored content, read by position into a buffer of the caller: no copy on the way to the socket. */
export interface Slice {
  readonly kind: "slice";
  /** Bytes. */
  readonly length: number;
  /** Fills `target` from `position` (0 is the first byte of the slice) and returns how many bytes it got: 0 is an end that came too early. */
  read(target: Buffer, position: number): Promise<number>;
  /** Called once by whoever sends it, whatever happened. */
  close(): Promise<void>;
}

export interface ServerResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Never sent for HEAD; `content-length` is the handler's to say. */
  readonly body: Buffer | Slice | null;
  /** Who asked, for the log: the user that authentication found. */
  readonly user?: string;
}

export type Handle = (request: ServerRequest) => Promise<ServerResponse>;

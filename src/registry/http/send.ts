/**
 * What a request to a registry is. `Send` is the one function that everything goes through; each concern (retry,
 * redirects, authorisation, ...) is a function from `Send` to `Send`, and `assemble.ts` shows their order.
 */
import type { Readable } from "node:stream";
import type { Scope } from "../scope.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";

/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** A body that is not held in memory. */
export interface StreamedBody {
  /** Called once for each time the request is sent. */
  readonly open: () => Readable;
  /** Bytes; null where nobody knows, and then it is sent in chunks. */
  readonly length: number | null;
  /** `open` may be called again. */
  readonly again: boolean;
  /** Its chunks are nobody else's once they are sent: their memory may be used again. */
  readonly spends?: boolean;
}

export interface RegistryRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers?: Headers;
  readonly body?: Buffer | StreamedBody;
  /** What a token for it must allow. */
  readonly scopes?: readonly Scope[];
  /**
   * How the answer arrives: as a stream when it is a success, or read whole and refused when it is longer than so
   * many bytes. The answer of a failure is always read whole, as far as it is short.
   */
  readonly answer: "stream" | number;
  /** Whether it may be sent again when nobody knows if it arrived. */
  readonly repeatable: boolean;
  /** Milliseconds from the last byte sent to the head of the answer; default 60 s. */
  readonly headersTimeoutMs?: number;
  readonly signal: AbortSignal;
}

export interface RegistryResponse {
  readonly status: number;
  /** A repeated header is joined by ", ". */
  readonly headers: Headers;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Empty when it is a stream. */
  readonly bytes: Buffer;
  /** Must be read to its end or destroyed. */
  readonly stream: Readable | null;
}

/** Rejects with ConnectionFailure when no whole answer came; any status is an answer. */
export type Send = (request: RegistryRequest) => Promise<RegistryResponse>;

export function isStreamed(body: RegistryRequest["body"]): body is StreamedBody {
  return body !== undefined && !Buffer.isBuffer(body);
}

/** Whether its body can be sent a second time. */
export function canSendAgain({ body }: RegistryRequest): boolean {
  return !isStreamed(body) || body.again;
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

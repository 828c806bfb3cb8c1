/** What a request of HTTP/1 and one of HTTP/2 have in common, as Node gives them. */
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

export type WireRequest = IncomingMessage | Http2ServerRequest;

export interface WireResponse {
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  writeContinue(): unknown;
  flushHeaders(): unknown;
  write(chunk: Buffer, done: (error?: Error | null) => void): boolean;
  end(chunk?: Buffer): unknown;
  setTimeout(ms: number, onTimeout?: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
  on(event: "timeout" | "error", listener: () => void): unknown;
  destroy(): unknown;
}

/** One exchange's two halves, and whether the client still hears us: only HTTP/1's response knows it itself. */
export interface Wire {
  readonly request: WireRequest;
  readonly response: WireResponse;
  readonly gone: () => boolean;
}

export function isHttp2(request: WireRequest): request is Http2ServerRequest {
  return request.httpVersionMajor === 2;
}

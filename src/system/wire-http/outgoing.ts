/** A request on its way out: its head, and a body that is streamed. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { TransportRequest } from "../../registry/http/transport.ts";
import { failure } from "./failure.ts";

/** Throws TypeError for a header that would become two. */
export function renderHead({ method, url, headers }: TransportRequest): string {
  const lines = Object.entries({ host: url.host, ...headers, connection: "keep-alive" }).map(
    ([name, value]) => {
      if (/[\r\n\0]/.test(`${name}${value}`)) throw new TypeError(`a header holds a line break: ${name}`);
      return `${name}: ${value}\r\n`;
    },
  );
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

export interface StreamOut {
  readonly body: Readable;
  /** Bytes, as they were announced. */
  readonly length: number;
  readonly socket: Socket;
  /** Told of each chunk that the system has taken; null when nobody wants to know. */
  readonly onSpent: ((chunk: Buffer) => void) | null;
  readonly onSent: () => void;
  readonly onFail: (error: Error) => void;
}

/** Whoever owns the socket resumes the body when it drains. */
export function sendStream({ body, length, socket, onSpent, onSent, onFail }: StreamOut): void {
  if (body.destroyed) {
    onFail(body.errored ?? failure("UND_ERR_ABORTED", "the request's body was closed"));
    return;
  }
  let left = length;
  let sent = false;
  body.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    // Bytes beyond the length would be read as another request.
    if (left < 0) onFail(new Error("a request's body is longer than it was said to be"));
    else if (!socket.write(chunk, onSpent === null ? undefined : () => onSpent(chunk))) body.pause();
  });
  body.on("end", () => {
    sent = true;
    if (left > 0) onFail(new Error("a request's body is shorter than it was said to be"));
    else onSent();
  });
  body.on("error", onFail);
  body.on("close", () => {
    if (!sent) onFail(failure("UND_ERR_ABORTED", "the request's body was closed"));
  });
}

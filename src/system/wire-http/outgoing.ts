/** A request on its way out: its head, and a body that is streamed. */
import type { Duplex, Readable } from "node:stream";
import type { TransportRequest } from "../../registry/http/transport.ts";
import { failure } from "./failure.ts";

/** What a header may hold (RFC 9110, section 5.5). Anything beyond a byte would be cut to one: U+010A to a line feed. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Throws TypeError for a header that would become two. */
export function renderHead({ method, url, headers }: TransportRequest): string {
  const lines = Object.entries({ host: url.host, ...headers, connection: "keep-alive" }).map(
    ([name, value]) => {
      if (!sendable.test(`${name}${value}`)) throw new TypeError(`a header cannot be sent as it is: ${name}`);
      return `${name}: ${value}\r\n`;
    },
  );
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

export interface StreamOut {
  readonly body: Readable;
  /** Bytes, as they were announced. */
  readonly length: number;
  readonly socket: Duplex;
  /** Told of each chunk that the system has taken, or that was lost with the connection. */
  readonly onSpent: (chunk: Buffer) => void;
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
    // A socket that has taken all at once says "full" all the same, when it was much.
    else if (!socket.write(chunk, () => onSpent(chunk)) && socket.writableLength > 0) body.pause();
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

/** The head of an HTTP/1.1 response, and how its body is framed. Pure. */
import type { Headers } from "../../registry/http/send.ts";

export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; a repeated header is joined by ", ". */
  readonly headers: Headers;
  readonly keepAlive: boolean;
}

/** `text`: everything before the empty line. Null when it is none. */
export function parseHead(text: string): ResponseHead | null {
  const [first = "", ...lines] = text.split("\r\n");
  // What cuts a string short in other programs means something else to them.
  if (text.includes("\0")) return null;
  const [, minor, status] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(first) ?? [];
  if (status === undefined) return null;
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  const connection = (headers.connection ?? "").toLowerCase();
  const keepAlive = minor === "1" ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  return { status: Number(status), headers: { ...headers }, keepAlive };
}

/** `length`: so many bytes; `chunked`: in chunks; `close`: up to the end of the connection. Null for nonsense. */
export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

export function framingOf({ status, headers }: ResponseHead, method: string): Framing | null {
  if (method === "HEAD" || status === 204 || status === 304) return { kind: "length", bytes: 0 };
  const encoding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (encoding !== undefined) {
    // Both at once is how two readers are made to see two different answers.
    return encoding.toLowerCase() === "chunked" && length === undefined ? { kind: "chunked" } : null;
  }
  if (length === undefined) return { kind: "close" };
  return /^\d{1,15}$/.test(length) ? { kind: "length", bytes: Number(length) } : null;
}

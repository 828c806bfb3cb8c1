/** The door to the network, as the client of registries needs it. */
import type { Readable } from "node:stream";
import type { Headers, Method } from "./send.ts";

/** How one server is trusted. PEM texts. */
export interface ServerTrust {
  /** When false, a certificate is not looked at. */
  readonly verify: boolean;
  /** The authorities of this machine; null where it has no list, and Node's own list serves. */
  readonly system: string | null;
  /** Taken besides those. */
  readonly authorities: readonly string[];
  /** What this client shows when it is asked who it is. */
  readonly identities: readonly { readonly certificate: string; readonly key: string }[];
}

export interface TransportRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Buffer | Readable | null;
  /** The chunks of the body are nobody else's once they are sent. */
  readonly spends?: boolean;
  /** HTTP/2 is three times slower for large bodies: they travel over HTTP/1.1. */
  readonly large: boolean;
  readonly headersTimeoutMs: number;
  /** Milliseconds without a byte of the answer. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** Connections are kept and used again: one pool for each origin. */
export interface Transport {
  /** Rejects with whatever the system says. */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** Asked once for each origin. */
  readonly trust: (origin: URL) => Promise<ServerTrust>;
  /** The proxy that leads to an origin, or null. */
  readonly proxy: (origin: URL) => string | null;
  /** Whether HTTPS is only a guess there: then it is found out as cheaply as can be. Left out: it never is. */
  readonly guessesTls?: (origin: URL) => boolean;
  readonly connectTimeoutMs: number;
  /** Connections to one origin at most. */
  readonly connections: number;
}

/** Implemented by `src/system/registry-http.ts`. */
export type OpenTransport = (options: TransportOptions) => Transport;

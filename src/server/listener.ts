/** The door between the registry's core and the network: owned here, opened by `src/system/registry-server.ts`. */
import type { Handle } from "./message.ts";

export interface ListenAddress {
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** PEM. */
export interface ServerIdentity {
  /** The server's certificate, then those that signed it. */
  readonly certificate: string;
  readonly key: string;
}

/** Bytes and milliseconds. */
export interface ServerLimits {
  readonly connections: number;
  /** Of HTTP/2, for each connection. */
  readonly streams: number;
  readonly headerBytes: number;
  readonly headerCount: number;
  /** For all headers of a request to arrive, and for a TLS handshake. */
  readonly headersMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveMs: number;
  /** Without a single byte, in either direction, while we wait for the client. */
  readonly stallMs: number;
  /** A client whose body comes or goes more slowly than this for `stallMs` and longer is let go. */
  readonly leastBytesPerSecond: number;
  /** Of a refused request's body: so much is read, for so long, so that the client sees the answer. */
  readonly drainBytes: number;
  readonly drainMs: number;
  /** For the buffers of all downloads together. */
  readonly bufferBytes: number;
}

export const usualLimits: ServerLimits = {
  connections: 1024,
  streams: 128,
  headerBytes: 16 * 1024,
  headerCount: 100,
  headersMs: 15_000,
  keepAliveMs: 65_000,
  stallMs: 60_000,
  leastBytesPerSecond: 256,
  drainBytes: 256 * 1024,
  drainMs: 1000,
  bufferBytes: 24 * 1024 * 1024,
};

/** One request and what became of it, when the last byte has gone. */
export interface Exchange {
  readonly method: string;
  /** With its query, as it was sent. */
  readonly target: string;
  readonly remote: string;
  readonly user: string | null;
  readonly userAgent: string | null;
  readonly protocol: "1.0" | "1.1" | "2.0";
  readonly status: number;
  /** Of the bodies. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ms: number;
  /** `aborted`: the client went first. `broken`: what was to be sent could not be read to its end. */
  readonly end: "sent" | "aborted" | "broken";
}

export type ServerNotice =
  | { readonly kind: "exchange"; readonly exchange: Exchange }
  /** A handler or a slice failed: a fault of ours, or of the machine. */
  | { readonly kind: "problem"; readonly what: string; readonly error: unknown };

export interface ListenOptions {
  readonly handle: Handle;
  readonly listen: ListenAddress;
  /** Serves HTTPS, HTTP/2 included. */
  readonly tls?: ServerIdentity;
  readonly limits: ServerLimits;
  /** A proxy in front says by `X-Forwarded-Proto`, `-Host` and `-For` what the client asked for. */
  readonly behindProxy: boolean;
  readonly emit: (notice: ServerNotice) => void;
}

export interface ServerStats {
  readonly connections: number;
  /** Requests under way. */
  readonly active: number;
  /** Bytes of buffers that downloads hold now, and the most they ever held. */
  readonly bufferBytes: number;
  readonly mostBufferBytes: number;
}

export interface Listening {
  /** The numeric address, and the port that was taken. */
  readonly address: string;
  readonly port: number;
  /** `http://127.0.0.1:5000`, without a slash at its end. */
  readonly url: string;
  stats(): ServerStats;
  /** For connections from now on. Throws what TLS says of a broken one, and then keeps the old one. */
  useIdentity(tls: ServerIdentity): void;
  /**
   * Takes no new requests, lets those under way end within `graceMs`, then cuts the rest. Resolves to how many were
   * cut. Called again, the shorter time counts.
   */
  close(options: { readonly graceMs: number }): Promise<number>;
}

/** @throws RegctlError PORT_HELD, LISTEN_FAILED */
export type StartRegistryServer = (options: ListenOptions) => Promise<Listening>;

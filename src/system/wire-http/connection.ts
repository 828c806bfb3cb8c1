/** One connection for one exchange after the other, read into memory that is used again. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type SecureContext } from "node:tls";
import { failure } from "./failure.ts";
import type { Slab, Slabs } from "./slabs.ts";

export interface Tls {
  readonly rejectUnauthorized: boolean;
  readonly secureContext: SecureContext;
}

export interface ConnectOptions {
  readonly origin: URL;
  /** Null for plain HTTP. */
  readonly tls: Tls | null;
  readonly timeoutMs: number;
  readonly slabs: Slabs;
  readonly signal: AbortSignal;
}

/** Who is told of what arrives; a connection that has nobody is idle, and what arrives then ends it. */
export interface Listener {
  /** Bytes `[start, end)` of the slab. False: no more for now, until `resume`. */
  onBytes(slab: Slab, start: number, end: number): boolean;
  /** The other side ended its half, or all is over; then `error` says why, if there is a reason. */
  onClose(error: Error | null): void;
  onDrain(): void;
}

export interface Connection<Stream extends Duplex = Socket> {
  readonly socket: Stream;
  listener: Listener | null;
  /** Bytes were answered on it before. */
  used: boolean;
  resume(): void;
}

/** Rejects with the system's error. */
export function openConnection(options: ConnectOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let slab: Slab | null = null;
    let connection: Connection | null = null;
    let error: Error | null = null;
    const next = (): Buffer => {
      const space = options.slabs.space(slab);
      slab = space.slab;
      return space.target;
    };
    const onread = {
      buffer: next,
      callback: (count: number): boolean => {
        if (slab === null) return true;
        const start = slab.filled;
        slab.filled += count;
        const listener = connection?.listener ?? null;
        if (listener !== null) return listener.onBytes(slab, start, start + count);
        connection?.socket.destroy();
        return true;
      },
    };
    const socket = dial(options, onread);
    const timer = setTimeout(
      () => socket.destroy(failure("UND_ERR_CONNECT_TIMEOUT", "no connection within the time")),
      options.timeoutMs,
    );
    const abort = (): void => {
      socket.destroy(failure("UND_ERR_ABORTED", "aborted"));
    };
    options.signal.addEventListener("abort", abort, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", abort);
    };
    socket.once(options.tls === null ? "connect" : "secureConnect", () => {
      settle();
      connection = { socket, listener: null, used: false, resume: () => void socket.resume() };
      resolve(connection);
    });
    socket.on("error", (cause) => {
      error ??= cause;
    });
    socket.on("drain", () => connection?.listener?.onDrain());
    socket.on("end", () => {
      const listener = connection?.listener;
      // An alert of TLS is an end first, and an error after it.
      setImmediate(() => listener?.onClose(error));
    });
    socket.on("close", () => {
      settle();
      if (connection === null) reject(error ?? failure("ECONNRESET", "the connection was closed"));
      else
        connection.listener?.onClose(
          error ?? (socket.readableEnded ? null : failure("UND_ERR_SOCKET", "other side closed")),
        );
    });
  });
}

interface OnRead {
  readonly buffer: () => Buffer;
  readonly callback: (count: number) => boolean;
}

function dial({ origin, tls }: ConnectOptions, onread: OnRead): Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const port = Number(origin.port || (tls === null ? 80 : 443));
  const common = { host, port, noDelay: true, onread };
  if (tls === null) return connectPlain(common);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ ...common, ...tls, ...servername, ALPNProtocols: ["http/1.1"] });
}
